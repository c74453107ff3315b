"""Faults of sensors, found by the course of their own days before and by what other channels explain."""
