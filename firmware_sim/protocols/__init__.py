"""Protocols of simulated sensors."""
