"""The science: pure functions on numpy arrays. No I/O, no clock, no logging."""
