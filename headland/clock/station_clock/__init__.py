"""The station's clock: the system's, and whether it can be believed."""
