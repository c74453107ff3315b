"""Checks of plant-protection treatments against the label of their products."""
