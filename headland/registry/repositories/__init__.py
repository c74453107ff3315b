"""Repositories: access to the records of one organisation."""
