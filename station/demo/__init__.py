"""Demonstrations: the way from telemetry to papers on a simulated farm, through its API."""
