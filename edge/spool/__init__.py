"""Spool: the disk queue between the pipeline and the uplink."""
