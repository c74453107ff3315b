"""Links: UDP, TCP and serial, bytes only; and the ground stations that share one, by whole frames."""
