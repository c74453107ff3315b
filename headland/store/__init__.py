"""The time-series port and its engines."""
