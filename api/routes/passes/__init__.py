"""Routes of passes: maps, cells, applied amounts, remaining work and the ledger."""
