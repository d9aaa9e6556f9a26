"""PURE: the prompt catalog, spoken money, dates and digits, and their checks."""
