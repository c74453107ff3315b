"""SDI-12 source: sensors on a serial line."""
