"""TOML settings files: checked structures, and the line of every value."""
