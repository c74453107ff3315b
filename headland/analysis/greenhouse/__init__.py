"""Greenhouse analysis: climate, control, exchange, sensor health, forecast."""
