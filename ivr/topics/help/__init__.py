"""Help beside a payment by phone: other ways to pay, where they are, and a member's own account number."""
