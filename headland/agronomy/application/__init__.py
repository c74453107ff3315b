"""Application of products: passes, swaths, amounts, as-applied maps and deviation."""
