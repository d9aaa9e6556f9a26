"""PURE: routing numbers and banking days."""
