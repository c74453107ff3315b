"""Uplinks that servers of other makers post."""
