"""Routes of keys, members, browser sessions and webhooks."""
