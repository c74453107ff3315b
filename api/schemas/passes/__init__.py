"""Schemas of passes, cells, applied amounts and the ledger, with their mapping."""
