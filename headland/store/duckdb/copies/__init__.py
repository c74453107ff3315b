"""Copies of a store: backup and export."""
