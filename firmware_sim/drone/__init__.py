"""Simulated drone: autopilot, vehicle body, sprayer, spreader."""
