"""Ingest: validates MQTT messages and writes them to the store, exactly once."""
