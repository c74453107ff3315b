"""Commands that simulate devices, seasons and faults."""
