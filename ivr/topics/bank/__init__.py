"""The bank account: routing number, account number keyed twice, the account used before."""
