"""Tables of a store file and what changes their rows."""
