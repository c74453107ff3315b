"""Tables that loggers and weather stations write themselves, recognised by their contents."""
