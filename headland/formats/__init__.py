"""File formats: GeoTIFF, ISOXML, QGC plan, farmOS, tables."""
