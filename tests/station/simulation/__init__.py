"""Tests of the simulation of the delivery chain."""
