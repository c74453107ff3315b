"""Engine-independent parts of the store."""
