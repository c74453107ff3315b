"""Routes: each reads its parameters, runs an analysis or a registry operation, and returns its response."""
