"""Who is calling: the three facts, and what is known of the member who gave them."""
