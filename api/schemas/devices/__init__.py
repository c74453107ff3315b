"""Schemas of devices, their series, flights and gateways."""
