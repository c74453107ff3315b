"""Edits of a field's outline: its division along a line, and the strip inside its edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.ops import split

from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Values
from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Position
from headland.registry.validation.geometry import MIN_AREA_M2, area_of, check_geometry


def split_outline(geometry: Geometry, line: Sequence[Position]) -> list[Geometry]:
    """Return the parts of an outline on both sides of a line, the largest first; raises InvalidGeometry."""
    if len(line) < 2:
        raise InvalidGeometry("the line has fewer than two points", "draw it from outside the field to outside of it")
    checked, parts = check_geometry(geometry, "the field"), []
    for rings in checked:
        pieces = split(Polygon(rings[0], rings[1:]), LineString(line)).geoms
        parts += [(_rings_of(piece),) for piece in pieces if isinstance(piece, Polygon)]
    whole = [part for part in parts if area_of(part) >= MIN_AREA_M2]
    if len(whole) <= len(checked):
        raise InvalidGeometry("the line does not divide the field", "draw it across, from outside to outside")
    return sorted(whole, key=area_of, reverse=True)


def edge_strip(geometry: Geometry, width_m: float) -> Geometry:
    """Return the ground of an outline within a width of its edge, such as a buffer strip; raises InvalidGeometry."""
    checked = check_geometry(geometry, "the field")
    west, south, east, north = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in checked]).bounds
    plane = Plane((south + north) / 2.0, (west + east) / 2.0)

    def to_metres(spots: Values) -> Values:
        return np.column_stack(plane.to_metres(spots[:, 1], spots[:, 0]))

    def to_degrees(spots: Values) -> Values:
        return np.column_stack(plane.to_degrees(spots[:, 0], spots[:, 1])[::-1])

    shape = shapely.transform(MultiPolygon([Polygon(rings[0], rings[1:]) for rings in checked]), to_metres)
    strip = shapely.transform(shape.difference(shape.buffer(-width_m, join_style="mitre")), to_degrees)
    return tuple(
        _rings_of(part) for part in shapely.get_parts(strip) if isinstance(part, Polygon) and not part.is_empty
    )


def _rings_of(polygon: Polygon) -> tuple[tuple[Position, ...], ...]:
    return tuple(tuple((x, y) for x, y in ring.coords) for ring in (polygon.exterior, *polygon.interiors))
