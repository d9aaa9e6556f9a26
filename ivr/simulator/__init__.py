"""The other end of the line: Twilio's rules on a clock of its own, a phone, a relay operator made of code."""
