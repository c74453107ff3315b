"""Mapping of message fields to channels, and the table of the dialect in which the fields are defined."""
