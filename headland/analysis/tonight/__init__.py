"""Tonight: what the next 24 hours bring to each greenhouse and field, how sure that is, and what to do until when."""
