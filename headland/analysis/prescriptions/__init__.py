"""Recommendations, prescriptions and missions."""
