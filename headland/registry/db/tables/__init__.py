"""Tables of the registry, a module a subject."""
