"""Flight control of the simulated drone: autopilot, missions and the operators on the ground."""
