"""Uplink: MQTT connection, send window, commit acks."""
