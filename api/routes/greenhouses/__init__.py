"""Routes of greenhouses: analytics, parameters and default bands."""
