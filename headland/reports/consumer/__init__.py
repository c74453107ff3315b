"""Public page of a lot, its overlay for live streams, shelf card and replay: what was released, and nothing else."""
