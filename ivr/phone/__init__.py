"""The virtual phone: executes TwiML as Twilio does, and a caller made of code."""
