"""Schemas of liveness and readiness."""
