"""A call's state by turn, its stored replies and its masked events."""
