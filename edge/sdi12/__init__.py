"""SDI-12 sensors behind a serial adapter to readings."""
