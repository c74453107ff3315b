"""Time stamps of MAVLink messages."""
