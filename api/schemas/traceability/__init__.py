"""Schemas of proofs and releases."""
