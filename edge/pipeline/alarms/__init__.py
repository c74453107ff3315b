"""Alarms on the gateway: rules, their evaluation, and the active alarms."""
