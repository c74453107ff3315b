"""Yield of fields: passes of combines, the map of a season, against what was applied, and over years."""
