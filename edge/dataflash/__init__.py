"""ArduPilot's DataFlash logs (.BIN): bytes to messages, messages to rows and events, and the source of them."""
