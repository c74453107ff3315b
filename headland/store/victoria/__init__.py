"""VictoriaMetrics engine."""
