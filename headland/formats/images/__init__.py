"""Pictures: GeoTIFF, orthophotos as tiles, PNG and the photos of people."""
