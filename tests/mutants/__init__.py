"""One-line mutants of the guards of the delivery chain, and the command that finds each of them."""
