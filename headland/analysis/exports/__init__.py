"""Analysis results as files: as-applied maps, settlement tables, farmOS logs."""
