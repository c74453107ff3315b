"""Nitrogen recommendations, treatment zones, flight lines and loss risks."""
