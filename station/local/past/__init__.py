"""Past of a simulated farm: what its simulators would have reported before its first start, through the real path."""
