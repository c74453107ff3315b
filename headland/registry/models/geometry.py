"""Geometry of a field boundary: WGS84 polygons with holes.

A geometry is the coordinates of a GeoJSON MultiPolygon: polygons of rings of (longitude_deg, latitude_deg), the first
ring the outer one, the others holes, each closed by its first point.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Position = tuple[float, float]
Ring = tuple[Position, ...]
Geometry = tuple[tuple[Ring, ...], ...]

JsonPosition = Annotated[
    list[float], Meta(min_length=2, max_length=3, description="Longitude, latitude, height if any.")
]
JsonRing = Annotated[list[JsonPosition], Meta(min_length=4, description="Closed: its last position is its first.")]


class Polygon(msgspec.Struct, frozen=True, tag="Polygon", tag_field="type"):
    """A GeoJSON polygon: its outer ring, then its holes."""

    coordinates: Annotated[list[JsonRing], Meta(min_length=1)]


class MultiPolygon(msgspec.Struct, frozen=True, tag="MultiPolygon", tag_field="type"):
    """GeoJSON polygons of one field."""

    coordinates: Annotated[list[Annotated[list[JsonRing], Meta(min_length=1)]], Meta(min_length=1)]


def read_geometry(shape: Polygon | MultiPolygon) -> Geometry:
    """Return GeoJSON coordinates as a geometry, without heights and without validation."""
    parts = [shape.coordinates] if isinstance(shape, Polygon) else shape.coordinates
    return tuple(tuple(tuple((spot[0], spot[1]) for spot in ring) for ring in part) for part in parts)


def show_geometry(geometry: Geometry) -> Polygon | MultiPolygon:
    """Return a geometry as GeoJSON: a polygon where it has one part."""
    parts = [[[list(spot) for spot in ring] for ring in rings] for rings in geometry]
    return Polygon(parts[0]) if len(parts) == 1 else MultiPolygon(parts)
