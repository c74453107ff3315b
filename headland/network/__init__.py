"""Outgoing requests: where they may go, names and addresses, a client with deadlines and limits."""
