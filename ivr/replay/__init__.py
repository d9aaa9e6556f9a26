"""Written calls: read, run, compare, count what they cover."""
