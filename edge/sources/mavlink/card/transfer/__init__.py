"""Protocols by which a card is read, and the parts of a file that arrive by them."""
