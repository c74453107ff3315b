"""Hostile peers and files: structured mutations through the real parts, and what must hold meanwhile."""
