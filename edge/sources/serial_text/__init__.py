"""Devices that print lines on a serial port."""
