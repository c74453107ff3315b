"""TOML settings files with the position of every value."""
