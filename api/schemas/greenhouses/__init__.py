"""Schemas of greenhouses and weather, with their mapping."""
