"""Geometry of a field boundary: WGS84 polygons with holes.

A geometry is the coordinates of a GeoJSON MultiPolygon: polygons of rings of (longitude_deg, latitude_deg), the first
ring the outer one, the others holes, each closed by its first point.
"""

from __future__ import annotations

Position = tuple[float, float]
Ring = tuple[Position, ...]
Geometry = tuple[tuple[Ring, ...], ...]
