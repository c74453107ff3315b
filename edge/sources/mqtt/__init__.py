"""MQTT source: devices that publish to a broker."""
