"""Import of flight logs and tables."""
