"""Records of the registry."""
