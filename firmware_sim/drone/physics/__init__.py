"""Physics of the simulated drone: motion, wind, payload, and what reaches the ground."""
