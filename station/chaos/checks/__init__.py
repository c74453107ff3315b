"""Checks of what was stored and what the station reports."""
