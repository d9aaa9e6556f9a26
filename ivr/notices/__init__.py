"""What a member gets in writing, and by which channel."""
