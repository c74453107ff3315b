"""Repositories of treatments, harvests, lots, certificates, releases and EPCIS events."""
