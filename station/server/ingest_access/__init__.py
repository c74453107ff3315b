"""Access of the API to ingest, in this process or in others."""
