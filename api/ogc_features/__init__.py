"""OGC API Features."""
