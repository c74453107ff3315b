"""Mission protocol of the simulated autopilot: missions, fences and rally points."""
