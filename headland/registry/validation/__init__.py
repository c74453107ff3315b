"""Validation of records before they are written."""
