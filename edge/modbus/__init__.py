"""Modbus devices to readings."""
