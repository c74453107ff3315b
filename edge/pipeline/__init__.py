"""Pipeline: from readings to encoded batches."""
