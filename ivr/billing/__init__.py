"""What is owed: bills, the append-only ledger, balances, imports."""
