"""What every other package stands on: settings, clock, money, keys, errors, redacting logs."""
