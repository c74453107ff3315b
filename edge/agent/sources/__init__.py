"""Sources of a gateway: built, run again when they end, and those that the farm gave."""
