"""Simulated links: UDP, TCP, pseudo-terminals, impairments."""
