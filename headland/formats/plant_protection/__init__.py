"""Plant-protection register as CSV."""
