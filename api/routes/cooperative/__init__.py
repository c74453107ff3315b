"""Routes of a cooperative's season, and the import of its people."""
