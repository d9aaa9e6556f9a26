"""Recorded calls: run again on any version without a caller, compared, bisected, exported."""
