"""Imports over the page: files that people hand over, kept on disk and imported one after the other."""
