"""Lines of text from a serial device to readings."""
