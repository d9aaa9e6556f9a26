"""What staff see in a browser, in a process of its own: each page guarded, each view of a person recorded."""
