"""How much is paid: all that is owed, what is past due of it, or an amount that is keyed."""
