"""Commands that run a service: station, API, broker, ingest and gateway."""
