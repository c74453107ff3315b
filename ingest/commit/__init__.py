"""Commits: batches of messages and the acks that follow."""
