"""Authentication, authorisation and request limits."""
