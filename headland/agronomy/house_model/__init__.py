"""Climate model of a greenhouse: structure, crop, air and controller. The simulator and what-if answers run it."""
