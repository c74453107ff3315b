"""Mapping of message fields to channels."""
