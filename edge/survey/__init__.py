"""Survey of a broker: what it carries, and the settings that read it."""
