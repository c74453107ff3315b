"""Messages of the simulated autopilot, by what they tell of."""
