"""Shapefiles of tractors and combines: points or polygons with what the machine did between two of them."""
