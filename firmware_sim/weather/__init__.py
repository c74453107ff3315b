"""Simulated providers of weather forecasts: their APIs on a port of this machine, from the weather of the scenarios."""
