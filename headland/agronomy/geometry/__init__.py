"""Plane geometry of fields."""
