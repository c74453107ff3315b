"""Faults of a simulation: each changes the world now and plans its own end."""
