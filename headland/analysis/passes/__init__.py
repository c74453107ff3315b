"""Field pass analysis: detection, as-applied maps, deviation, remaining work."""
