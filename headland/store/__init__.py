"""Time-series store: the port and its engines."""
