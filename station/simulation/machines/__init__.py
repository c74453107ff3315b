"""Simulated machines: gateways, broker and station, their disks and the network between them."""
