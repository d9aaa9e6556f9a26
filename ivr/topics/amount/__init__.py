"""How much is paid and when: all that is owed, or less; as soon as can be, or on a day that is keyed."""
