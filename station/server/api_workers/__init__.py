"""API in several processes beside the one that owns the store."""
