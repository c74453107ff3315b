"""Modbus source: TCP and RTU."""
