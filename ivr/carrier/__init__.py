"""The telephone number at Twilio: what is set there, and whether a turn comes through to the line."""
