"""What a flow may ask for; maps outcomes of the domain to names."""
