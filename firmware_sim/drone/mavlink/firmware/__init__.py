"""Differences between the simulated autopilots: ArduCopter, ArduRover and PX4."""
