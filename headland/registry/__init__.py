"""Registry: organisations and their records. Plain records go in and out; the database never leaves this package."""
