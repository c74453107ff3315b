"""BACnet source: objects of devices on BACnet/IP, read only."""
