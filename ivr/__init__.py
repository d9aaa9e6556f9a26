"""The telephone line on which a member pays a health or dental premium."""
