"""Identity of a spool: its machine, its place, and what it held."""
