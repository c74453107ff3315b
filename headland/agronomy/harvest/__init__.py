"""Yield of combines: their samples, flow lag, filters, block kriging, and comparison of maps."""
