"""Every call there can be: explored, judged, and shown as the shortest written call."""
