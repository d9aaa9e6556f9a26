"""The picture of the line: drawn, with what calls cover and where they go."""
