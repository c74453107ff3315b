"""InfluxDB engine."""
