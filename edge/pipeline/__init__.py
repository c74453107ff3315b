"""From readings to encoded batches."""
