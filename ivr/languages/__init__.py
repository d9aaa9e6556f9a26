"""PURE: the program's languages, one record each: its key, voice, spoken values, yes and no, words."""
