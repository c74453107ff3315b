"""The registry: who owns what. Plain records go in and out; what they are kept in never leaves this package."""
