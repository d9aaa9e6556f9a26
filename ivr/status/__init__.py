"""What the line knows of itself: figures for people and for Prometheus, and ten alerts drawn from them."""
