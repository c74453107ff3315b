"""Repositories: versioned access to the records of one organisation."""
