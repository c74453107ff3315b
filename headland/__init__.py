"""Headland: precision-agriculture telemetry."""
