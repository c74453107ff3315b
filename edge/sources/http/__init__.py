"""Documents polled over HTTP."""
