"""Tests of the station's clock."""
