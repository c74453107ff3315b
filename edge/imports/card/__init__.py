"""Spans of logs on a vehicle's card, read part by part, to the samples of a flight's gaps."""
