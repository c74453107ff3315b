"""File formats: GeoTIFF, ISOXML, QGroundControl plans, shapefiles, GeoJSON, KML, farmOS and tables."""
