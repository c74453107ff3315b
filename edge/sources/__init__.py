"""Sources of readings: the protocol, its devices and their channels."""
