"""Import of field boundaries: GeoJSON, KML, Shapefile."""
