"""The gateway daemon: sources, batcher, spool and uplink."""
