"""Schemas of field recommendations."""
