"""A payment's life: authorized on the phone, with its consent and its confirmation number."""
