"""Climate of the simulated greenhouse: crop, air, and the controller."""
