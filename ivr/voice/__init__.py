"""Everything that knows Twilio: routes, signature, form to input, turn to TwiML."""
