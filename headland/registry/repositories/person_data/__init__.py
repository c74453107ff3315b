"""Data of a person: what is kept of them, and its erasure."""
