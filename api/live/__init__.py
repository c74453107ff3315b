"""Live feed of committed values over server-sent events."""
