"""PURE: Nacha records and files, returns and notifications of change, routing numbers, banking days."""
