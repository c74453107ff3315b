"""Common parts of engines on a server."""
