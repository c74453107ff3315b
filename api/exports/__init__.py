"""Prescriptions and maps as files that other programs and machines read."""
