"""Opening, administering and copying stores; opening registries."""
