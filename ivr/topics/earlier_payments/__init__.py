"""Payments of before the call that are told: the last day's, held ones, and those that came back."""
