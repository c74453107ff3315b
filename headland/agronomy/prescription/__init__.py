"""Nutrient recommendations, prescription zones and flight lines."""
