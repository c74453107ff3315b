"""Background threads of the station."""
