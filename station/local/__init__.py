"""`headland up`: a whole farm on one machine."""
