"""What servers of other makers post."""
