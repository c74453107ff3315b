"""Answers for a cooperative: who holds a field, and what each member is owed."""
