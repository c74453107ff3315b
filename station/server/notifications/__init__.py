"""Delivery of alarms to people and of events to webhooks."""
