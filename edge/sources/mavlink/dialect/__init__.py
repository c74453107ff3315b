"""MAVLink's ardupilotmega dialect as a compact table: messages, and the enums that the gateway needs."""
