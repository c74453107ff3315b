"""Gain of a greenhouse's plan: what carrying it out changes, by the climate model of the house."""
