"""Import of flight logs and tables: each file is a source that ends."""
