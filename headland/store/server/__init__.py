"""Stores on database servers: samples on the server, metadata there or in SQL tables."""
