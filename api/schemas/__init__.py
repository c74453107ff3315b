"""Request and response models, and how records map to them."""
