"""Salvage of records from a damaged spool."""
