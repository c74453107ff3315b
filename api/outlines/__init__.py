"""Outlines of fields out of files that other programs wrote: GeoJSON, Shapefile, KML."""
