"""Routes of devices, their places and owners, and of gateways."""
