"""Outline of a field with buffer strips and exclusions, and the place of each cell of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Mask, Values

#: Polygons of rings of (longitude, latitude) in degrees, each closed by its first point, the first ring the outer one.
Rings = Sequence[Sequence[Sequence[tuple[float, float]]]]

OUTSIDE: Final = 0
USABLE: Final = 1
BUFFER: Final = 2
EXCLUSION: Final = 3
PLACES: Final = ("outside", "usable", "buffer", "exclusion")


@dataclass(frozen=True, slots=True)
class FieldOutline:
    """A field in metres of a plane: the whole field, and the parts that must not be treated."""

    whole: shapely.Geometry
    buffer: shapely.Geometry
    exclusion: shapely.Geometry

    @property
    def usable(self) -> shapely.Geometry:
        """The usable area."""
        return self.whole.difference(shapely.union(self.buffer, self.exclusion))


def polygons_of(rings: Rings, plane: Plane) -> shapely.Geometry:
    """Return polygons with holes in metres of a plane."""
    parts = [[_ring_m(ring, plane) for ring in part] for part in rings]
    return shapely.union_all([shapely.Polygon(part[0], part[1:]) for part in parts])


def make_outline(field: Rings, buffers: Sequence[Rings], exclusions: Sequence[Rings], plane: Plane) -> FieldOutline:
    """Return a field with its buffer strips and exclusions in metres of a plane."""
    buffer, exclusion = (
        shapely.union_all([polygons_of(rings, plane) for rings in zones]) for zones in (buffers, exclusions)
    )
    return FieldOutline(polygons_of(field, plane), buffer, exclusion)


def map_places(outline: FieldOutline, grid: Grid) -> NDArray[np.uint8]:
    """Return the place of each cell's middle, (rows, columns): an index of `PLACES`."""
    whole = rasterise(outline.whole, grid)
    places = np.where(whole, USABLE, OUTSIDE).astype(np.uint8)
    for zone, place in ((outline.buffer, BUFFER), (outline.exclusion, EXCLUSION)):
        if not zone.is_empty:
            places[whole & rasterise(zone, grid)] = place
    return places


def rasterise(polygons: shapely.Geometry, grid: Grid) -> Mask:
    """Return which cells have their middle in polygons with holes, (rows, columns), half-open on shared edges.

    Counts crossings along each row, so polygons with a common edge share no cell and miss none.
    """
    inside = np.zeros((grid.rows, grid.columns), np.bool_)
    window, cells = _rasterise(polygons, grid)
    inside[window] = cells
    return inside


def count_polygons(shapes: Iterable[shapely.Geometry], grid: Grid) -> NDArray[np.int64]:
    """Return how many of several shapes hold each cell, each as `rasterise` says."""
    counts = np.zeros((grid.rows, grid.columns), np.int64)
    for shape in shapes:
        window, cells = _rasterise(shape, grid)
        counts[window] += cells
    return counts


def _rasterise(polygons: shapely.Geometry, grid: Grid) -> tuple[tuple[slice, slice], Mask]:
    """Return the part of the grid in which polygons may lie, and which of its cells do."""
    start, end = _edges(polygons)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first, last = (
        np.clip(np.ceil((edge - grid.south_m) / grid.cell_m - 0.5), 0, grid.rows).astype(np.int64)
        for edge in (low, high)
    )
    count = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(len(count)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    if not len(row):
        return (slice(0), slice(0)), np.zeros((0, 0), np.bool_)
    north = grid.south_m + (row + 0.5) * grid.cell_m
    rise = end[edge, 1] - start[edge, 1]
    east = start[edge, 0] + (north - start[edge, 1]) * (end[edge, 0] - start[edge, 0]) / rise
    column = np.clip(np.ceil((east - grid.west_m) / grid.cell_m - 0.5), 0, grid.columns).astype(np.int64)
    rows, columns = slice(int(row.min()), int(row.max()) + 1), slice(int(column.min()), int(column.max()))
    crossed = np.zeros((rows.stop - rows.start, columns.stop - columns.start + 1), np.int64)
    np.add.at(crossed, (row - rows.start, column - columns.start), 1)
    return (rows, columns), np.asarray(np.cumsum(crossed[:, :-1], axis=1) % 2 == 1, np.bool_)


def _edges(polygons: shapely.Geometry) -> tuple[Values, Values]:
    """Return the ends of all edges of all rings."""
    rings = shapely.get_rings(shapely.get_parts(polygons))
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    if len(corners) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    same = ring[1:] == ring[:-1]
    return corners[:-1][same], corners[1:][same]


def _ring_m(ring: Sequence[tuple[float, float]], plane: Plane) -> Values:
    degrees = np.asarray(ring, np.float64)
    return np.column_stack(plane.to_metres(degrees[:, 1], degrees[:, 0]))
