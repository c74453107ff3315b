"""The farm under test: its processes and how to reach them."""
