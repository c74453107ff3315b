"""Simulated hardware: an autopilot and a greenhouse controller that speak their real protocols."""
