"""Reaching an agent: whether somebody answers now, and being called back when nobody does."""
