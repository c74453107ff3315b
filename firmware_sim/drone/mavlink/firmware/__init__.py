"""What differs between the autopilots that are simulated: ArduCopter, ArduRover and PX4."""
