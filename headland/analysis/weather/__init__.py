"""Site weather and spray windows."""
