"""Migrations of the registry database."""
