"""The `headland` command."""
