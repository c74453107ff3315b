"""Greenhouse and field climate: air, light, evapotranspiration, disease pressure."""
