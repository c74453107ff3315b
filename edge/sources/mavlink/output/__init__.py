"""Output of a vehicle: device ids, rows and events."""
