"""Flights with gaps, and the log on the vehicle's card of which the missing spans are read after landing."""
