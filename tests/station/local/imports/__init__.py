"""Tests of the imports over the page."""
