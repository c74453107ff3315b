"""Spraying and spreading: channels, flow, profiles."""
