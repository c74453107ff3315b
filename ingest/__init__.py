"""MQTT to the store, exactly once: admit, write, acknowledge, quarantine."""
