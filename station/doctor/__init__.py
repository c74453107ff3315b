"""`headland doctor`: diagnostics with remedies."""
