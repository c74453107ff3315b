"""Vehicles on a link: identity, message dispatch, state events."""
