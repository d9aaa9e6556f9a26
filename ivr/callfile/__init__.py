"""The `.call` language: read, played against a line, compared, written anew."""
