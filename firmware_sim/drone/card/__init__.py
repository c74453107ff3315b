"""Card of a simulated autopilot: the logs of its flights, and the protocols that read them."""
