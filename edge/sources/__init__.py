"""Sources of readings: each protocol turns its devices' data into channels."""
