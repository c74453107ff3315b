"""Traces: spans of the parts, and their export to an OpenTelemetry collector."""
