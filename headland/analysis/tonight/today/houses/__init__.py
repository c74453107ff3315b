"""Rows of greenhouses: their next action, their picture of the next 24 hours and their plan."""
