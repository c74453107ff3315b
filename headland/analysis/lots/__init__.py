"""Harvests, lots and certificates: what a lot is made of, what happened to it, and when it may be sold."""
