"""Migration steps, one a file."""
