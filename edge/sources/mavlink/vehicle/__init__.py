"""Vehicles on a link: identity, message dispatch, state events, and what becomes rows and events of a device."""
