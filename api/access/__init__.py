"""Who asks, what they may, and how much of it: the gate in front of every route."""
