"""A link shared with ground stations: whole frames in both directions, by rules."""
