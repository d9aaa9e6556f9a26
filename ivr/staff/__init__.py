"""Who works with the line in a browser: their log-ins, roles and rights."""
