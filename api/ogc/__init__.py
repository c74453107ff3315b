"""OGC API Features, for reading: the farm as layers of a map."""
