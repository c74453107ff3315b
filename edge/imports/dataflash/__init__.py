"""ArduPilot DataFlash logs (.BIN, .log)."""
