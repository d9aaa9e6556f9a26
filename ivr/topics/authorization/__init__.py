"""The authorization: the terms, the yes or the code, the payment, and whether it is in time."""
