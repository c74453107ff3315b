"""A measured house as a model: its drive by measured weather and actuators, the fit, and the figures of later weeks."""
