"""Faults of sensors found in the course of their values: by their own days before, and by what other channels explain."""
