"""Validation of records beyond the bounds of their fields."""
