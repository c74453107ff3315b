"""Analysis: answers from the store, the registry and agronomy."""
