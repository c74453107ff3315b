"""Forecasts in files: those that somebody puts into the station's folder."""
