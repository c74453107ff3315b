"""Connections to devices: serial or TCP links, poll slots, retries."""
