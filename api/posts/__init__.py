"""What became of each post of samples: receipts by the login that posts."""
