"""API keys and sessions."""
