"""Links: UDP, TCP and serial; bytes only."""
