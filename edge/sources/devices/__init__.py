"""Devices of a source: names, clocks, descriptors and rows."""
