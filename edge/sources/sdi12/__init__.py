"""SDI-12 sensors."""
