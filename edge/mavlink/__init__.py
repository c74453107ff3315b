"""MAVLink links and logs to readings."""
