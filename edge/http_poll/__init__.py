"""JSON that a device or a service answers over HTTP to readings."""
