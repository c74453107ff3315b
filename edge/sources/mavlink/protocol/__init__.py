"""MAVLink protocol: frames, signatures, messages, encoding."""
