"""A call's state by turn, its stored replies, its masked events, and the history they are read as."""
