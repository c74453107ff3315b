"""Simulated greenhouse: climate model, controller, sensors."""
