"""MAVLink telemetry logs (.tlog, .rlog and raw bytes)."""
