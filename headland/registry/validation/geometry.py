"""Validation of field boundaries, and their area on the ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Position

#: Fields have some hundreds of corners; this bounds the cost of an outline.
MAX_POSITIONS: Final = 100_000
#: The largest single fields on earth have about 15,000 ha: above the limit an axis or a unit is wrong.
MAX_AREA_M2: Final = 5e8
MIN_AREA_M2: Final = 1.0
#: An outline farther than this from its farm is refused.
_FAR_M: Final = 1_000_000.0

# WGS84: semi-major axis and flattening.
_A_M: Final = 6_378_137.0
_F: Final = 1 / 298.257_223_563
_E2: Final = _F * (2 - _F)
_E: Final = math.sqrt(_E2)


def check_geometry(geometry: Geometry, what: str, near: Position | None = None) -> Geometry:
    """Return the geometry with outer rings anticlockwise and holes clockwise (RFC 7946, 3.1.6).

    `near` is a (longitude_deg, latitude_deg) in its region, which reveals swapped axes. Raises InvalidGeometry with the
    reason and the remedy; nothing is repaired by guessing.
    """
    if not geometry:
        raise InvalidGeometry(f"{what} has no polygon", "give at least one")
    _check_positions(geometry, what)
    shape = MultiPolygon([Polygon(rings[0], rings[1:]) for rings in geometry])
    if not shape.is_valid:
        raise InvalidGeometry(
            f"{what} is not a valid outline ({shapely.is_valid_reason(shape)})",
            "draw it without crossing or repeated lines, with holes inside and without overlapping parts",
        )
    _check_place(shape, what, near)
    area_m2 = area_of(geometry)
    if not MIN_AREA_M2 <= area_m2 <= MAX_AREA_M2:
        raise InvalidGeometry(
            f"{what} measures {area_m2 / 10_000:,.4g} ha",
            "check the units and the order of the axes: degrees, longitude first",
        )
    return _coordinates(MultiPolygon([orient(part) for part in shape.geoms]))


def check_place(geometry: Geometry, what: str, near: Position | None, whose: str = "farm") -> None:
    """Raise InvalidGeometry where a valid geometry is far from `near`, a (longitude_deg, latitude_deg) of `whose`."""
    if near is not None:
        _check_place(MultiPolygon([Polygon(rings[0], rings[1:]) for rings in geometry]), what, near, whose)


def check_on_land(position: Position, what: str) -> None:
    """Raise InvalidGeometry at 0, 0 in the sea: a position that nobody entered, or of a receiver without a fix."""
    if abs(position[0]) < 0.01 and abs(position[1]) < 0.01:
        raise InvalidGeometry(f"{what} lies at 0, 0 in the Gulf of Guinea", "give it its real position")


def area_of(geometry: Geometry) -> float:
    """Return the area of a valid geometry on the WGS84 ellipsoid [m2], holes left out; sides are geodesics.

    Each side is the great circle between its ends on the authalic sphere (Snyder 1987, USGS Professional Paper 1395,
    eqs. 3-11 to 3-13), over which the area to the equator is a spherical excess [1]. A geodesic differs from that by
    less than 1e-5 of the area for sides of up to 10 km, at any latitude; it grows with their square.

    .. [1] Karney (2013), Algorithms for geodesics, J. Geodesy 87, 43-55, section 6, the excess of a spherical
           quadrilateral (as in GeographicLib's documentation; the paper was not re-read).
    """
    return float(sum(_ring_m2(rings[0]) - sum(_ring_m2(hole) for hole in rings[1:]) for rings in geometry))


def area_without(geometry: Geometry, taken: Sequence[Geometry]) -> float:
    """Return the area [m2] of a valid geometry without the valid geometries `taken`.

    The share that is left is of the equal-area projection, in which shapes can be cut.
    """
    whole = equal_area(MultiPolygon([Polygon(rings[0], rings[1:]) for rings in geometry]))
    parts = [Polygon(rings[0], rings[1:]) for other in taken for rings in other]
    left = float(whole.difference(equal_area(shapely.union_all(parts))).area) if parts else float(whole.area)
    return area_of(geometry) * left / float(whole.area)


def _ring_m2(ring: Sequence[Position]) -> float:
    """Return the area within a closed ring of positions [deg] with great circles as sides [m2]."""
    longitude, latitude = np.radians(np.array(ring, np.float64)).T
    sine = np.clip(_authalic(np.sin(latitude)) / _POLE, -1.0, 1.0)
    half = sine / (1.0 + np.sqrt((1.0 - sine) * (1.0 + sine)))
    excess = np.arctan(np.tan(np.diff(longitude) / 2.0) * (half[1:] + half[:-1]) / (1.0 + half[1:] * half[:-1]))
    return abs(float(excess.sum())) * _A_M**2 * float(_POLE)


def equal_area(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape in degrees in equal-area metres."""
    return shapely.transform(shape, _project)


def _project(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 2) longitudes and latitudes [deg] as equal-area metres."""
    longitude, sine = np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1]))
    return np.column_stack((_A_M * longitude, _A_M * _authalic(sine) / 2))


def _authalic(sine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return q of the sine of a latitude (Snyder 1987, eq 3-12); over the pole's, the authalic latitude's sine."""
    q = (1 - _E2) * (sine / (1 - _E2 * sine**2) - np.log((1 - _E * sine) / (1 + _E * sine)) / (2 * _E))
    return np.asarray(q)


_POLE: Final = _authalic(np.ones(1))[0]


def _check_positions(geometry: Geometry, what: str) -> None:
    if sum(len(ring) for rings in geometry for ring in rings) > MAX_POSITIONS:
        raise InvalidGeometry(f"{what} has more than {MAX_POSITIONS:,} corners", "simplify it to decimetres")
    for rings in geometry:
        if not rings:
            raise InvalidGeometry(f"{what} has a polygon without a ring", "give each polygon its outer ring")
        for ring in rings:
            if len(ring) < 4:
                raise InvalidGeometry(
                    f"{what} has a ring of {len(ring)} points", "give at least three corners and the first one again"
                )
            if ring[0] != ring[-1]:
                raise InvalidGeometry(f"{what} has a ring that is not closed", "repeat its first point at the end")
            for longitude_deg, latitude_deg in ring:
                _check_position(longitude_deg, latitude_deg, what)
            steps = (abs(after[0] - before[0]) for before, after in pairwise(ring))
            if max(steps) > 180:
                raise InvalidGeometry(f"{what} crosses the 180th meridian", "cut it in two parts there")


def _check_position(longitude_deg: float, latitude_deg: float, what: str) -> None:
    where = f"{what} has a point ({longitude_deg:g}, {latitude_deg:g})"
    if not (math.isfinite(longitude_deg) and math.isfinite(latitude_deg)):
        raise InvalidGeometry(where, "leave out points without a position")
    if abs(longitude_deg) > 180 or abs(latitude_deg) > 180:
        raise InvalidGeometry(
            f"{where}, which is not in degrees",
            "convert it to WGS84 degrees (EPSG:4326); metres of a projection and 1e-7 degrees are other units",
        )
    if abs(latitude_deg) > 90:
        raise InvalidGeometry(
            f"{where} with a latitude beyond 90 degrees, so latitude and longitude are swapped", "put longitude first"
        )


def _check_place(shape: MultiPolygon, what: str, near: Position | None, whose: str = "farm") -> None:
    longitude_deg, latitude_deg = shape.centroid.x, shape.centroid.y
    check_on_land((longitude_deg, latitude_deg), what)
    if near is None or distance_m((longitude_deg, latitude_deg), near) <= _FAR_M:
        return
    if abs(longitude_deg) <= 90 and distance_m((latitude_deg, longitude_deg), near) <= _FAR_M:
        raise InvalidGeometry(
            f"{what} would be at its {whose} with latitude and longitude swapped, and is far from it as given",
            "put longitude first",
        )
    raise InvalidGeometry(
        f"{what} lies {distance_m((longitude_deg, latitude_deg), near) / 1000:,.0f} km from its {whose}",
        f"check its coordinates, or the position of the {whose}",
    )


def distance_m(first: Position, second: Position) -> float:
    """Return the great-circle distance [m] on a sphere of the earth's mean radius."""
    (x1, y1), (x2, y2) = ((math.radians(x), math.radians(y)) for x, y in (first, second))
    haversine = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, haversine)))


def _coordinates(shape: MultiPolygon) -> Geometry:
    return tuple(
        tuple(tuple((float(x), float(y)) for x, y in ring.coords) for ring in (part.exterior, *part.interiors))
        for part in shape.geoms
    )
