"""Tests of the checks of plant-protection treatments."""
