"""Simulation of the delivery chain: the real spool, uplink and ingest on a simulated machine, one thread, one seed."""
