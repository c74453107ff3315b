"""Answers on plant protection: treatments against the label of their products, and pre-harvest intervals."""
