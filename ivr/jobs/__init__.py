"""What runs without a caller. A job runs at least once and may overlap itself: each is safe to repeat."""
