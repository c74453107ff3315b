"""Quarantine of refused messages."""
