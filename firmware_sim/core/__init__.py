"""Simulation clock, noise and truth files."""
