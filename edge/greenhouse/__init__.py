"""Greenhouse buses to readings."""
