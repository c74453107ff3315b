"""Import of field outlines: GeoJSON, KML, KMZ and shapefiles."""
