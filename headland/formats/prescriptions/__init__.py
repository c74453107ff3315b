"""Prescriptions as files: ISOXML, GeoTIFF, polygons of zones and mission plans."""
