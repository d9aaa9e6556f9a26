"""Payments made: those that are told unasked, and the last twelve months', of which one can be cancelled."""
