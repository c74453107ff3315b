"""Ledger of an organisation: entries, audit, Merkle log and anchors."""
