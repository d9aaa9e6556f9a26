"""Benchmarks: what a turn costs, as ratios against a baseline measured in the same run."""
