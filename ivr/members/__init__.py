"""Who a caller may be: look-up, verification, lockout, import."""
