"""Application of products: coverage, deposition, as-applied maps, deviation."""
