"""What a flow may ask for, a topic a folder: its slots, fields, actions, samples, stand-ins and handlers."""
