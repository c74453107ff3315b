"""Data of a person: what is kept and why, a copy, and what must be settled before an erasure."""
