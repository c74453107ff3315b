"""Repair of damaged files: checksums, log, blocks, salvage."""
