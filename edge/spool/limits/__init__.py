"""Limits of a spool: what is thinned and dropped when it is full or old."""
