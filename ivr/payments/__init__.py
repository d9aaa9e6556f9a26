"""A payment's life: authorized, in a file, at the bank, settled, returned, given back; its evidence."""
