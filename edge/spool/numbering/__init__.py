"""Numbers of a spool: epochs, what was published, and their check."""
