"""MQTT session of an ingest worker."""
