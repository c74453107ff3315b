"""Printable reports: HTML, PDF and CSV."""
