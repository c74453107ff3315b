"""Repositories of delivery: marks of gateways and requests, webhooks and secrets."""
