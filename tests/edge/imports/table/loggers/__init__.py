"""Tables of loggers."""
