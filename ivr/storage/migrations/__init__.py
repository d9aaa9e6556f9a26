"""The way from an empty database to the tables of `ivr.storage.tables`, step by step."""
