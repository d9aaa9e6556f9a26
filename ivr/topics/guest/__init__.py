"""Paying for somebody else: whose bill, who pays, the terms by text message, cancelling such a payment."""
