"""Ports over a local socket: one process serves an object's methods, others on the machine call them."""
