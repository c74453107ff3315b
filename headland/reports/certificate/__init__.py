"""Certificates on paper: a page, and labels for packages."""
