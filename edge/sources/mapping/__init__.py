"""Mapping of foreign names and units to channels."""
