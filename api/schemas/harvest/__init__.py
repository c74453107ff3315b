"""Schemas of plant protection, harvests, lots and certificates."""
