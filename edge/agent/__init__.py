"""The gateway agent: settings, sources, pipeline, spool and uplink in one process."""
