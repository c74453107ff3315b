"""Tests of posted samples."""
