"""Inputs of every answer: the request's scope and window, samples, fields, and what cannot be asked."""
