"""Plausibility: whether what is measured or entered can be, and what explains what cannot."""
