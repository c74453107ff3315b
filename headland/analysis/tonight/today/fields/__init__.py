"""Rows of fields: windows of work, flights and what they missed."""
