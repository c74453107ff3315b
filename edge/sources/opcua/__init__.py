"""OPC UA source: variables of a server, read only."""
