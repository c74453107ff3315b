"""Missions of the simulated drone: items, jumps, and the rows of a field scenario."""
