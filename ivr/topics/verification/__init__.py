"""Who is calling: the facts that a member keys, and what is known of the member who gave them."""
