"""Releases of lots: the public text, its EPCIS events, its proof, and the digital product passport."""
