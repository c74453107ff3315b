"""Tests of headland.analysis.plant_protection."""
