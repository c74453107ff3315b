"""MAVLink side of the simulated drone: messages out, commands and missions in."""
