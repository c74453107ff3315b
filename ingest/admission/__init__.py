"""Admission of messages: validation, owners, quotas, columns."""
