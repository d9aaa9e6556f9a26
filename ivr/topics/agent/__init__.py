"""Reaching an agent: the number and the hours of support, and whether somebody answers now."""
