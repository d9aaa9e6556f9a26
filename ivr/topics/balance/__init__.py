"""What is owed, plan by plan, and the bill that is paid."""
