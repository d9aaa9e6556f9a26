"""Whether every duty of the rules was met, payment by payment: the duties as data, counted, on a page."""
