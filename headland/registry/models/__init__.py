"""Registry records."""
