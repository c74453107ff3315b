"""Bridge to Home Assistant over MQTT."""
