"""Subcommands of `headland`."""
