"""Station processes: API, ingest, workers and bridges."""
