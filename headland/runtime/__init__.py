"""Threads of a process: supervision, cancellation, failures of single items, and the service manager."""
