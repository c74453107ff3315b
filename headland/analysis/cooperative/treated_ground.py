"""Ground that passes treated on a field, as polygons in metres."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from headland.agronomy.application.pass_areas import surfaces_of
from headland.agronomy.application.swaths import GRID_M
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Mask, Values

MOST_CELLS: Final = 4_000_000
#: Precision of ground that is kept, a millimetre.
_KEPT_M: Final = 1e-3
#: Most corners of the ground of one pass on one field.
_MOST_CORNERS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PlacedGround:
    """Polygons of ground in metres of a plane.

    Without a plane it is not known where they lie; `lattice` (rows, columns) then names the cells that they come from,
    so that ground of the same cells can be compared.
    """

    polygons: shapely.Geometry
    plane: Plane | None = None
    lattice: tuple[int, int] | None = None

    @property
    def area_m2(self) -> int:
        """The area in whole square metres."""
        return round(float(self.polygons.area))

    def on(self, other: PlacedGround) -> shapely.Geometry:
        """Return these polygons in the plane of others; none where it is not known how they lie to each other."""
        if self.plane is None or other.plane is None:
            is_same = self.plane is other.plane and self.lattice == other.lattice
            return self.polygons if is_same else shapely.MultiPolygon()
        return move_ground(self.polygons, self.plane, other.plane)

    def without(self, other: PlacedGround) -> PlacedGround:
        """Return this ground without that which another one covers, too."""
        taken = other.on(self)
        if not shapely.intersects(self.polygons, taken):
            return self
        left = surfaces_of(shapely.difference(self.polygons, taken, grid_size=GRID_M))
        return PlacedGround(left, self.plane, self.lattice)


def move_ground(polygons: shapely.Geometry, plane: Plane, other: Plane) -> shapely.Geometry:
    """Return polygons in metres of another plane."""
    if plane == other:
        return polygons

    def move(corners: Values) -> Values:
        latitude, longitude = plane.to_degrees(corners[:, 0], corners[:, 1])
        return np.column_stack(other.to_metres(latitude, longitude))

    return shapely.transform(polygons, move)


@dataclass(frozen=True, slots=True)
class TreatedGround:
    """The ground of a field that a pass treated, and the class of evidence for it [m2].

    `grams` is the product on it, None where its amount is unknown. `operator` is who worked. `is_replaced` where the
    same machine's later declaration of the same time stands for it. `is_by_cells` where the ledger has it by a rule of
    before, as every cell on which product landed.
    """

    field: str
    pass_id: str
    operator: str
    start_ms: int
    product: str
    placed: PlacedGround
    grams: int | None
    evidence_m2: tuple[tuple[str, float], ...]
    is_night: bool
    simulated: bool
    is_replaced: bool = False
    is_by_cells: bool = False

    @property
    def area_m2(self) -> int:
        """The treated ground in whole square metres."""
        return self.placed.area_m2

    @property
    def key(self) -> tuple[int, str, str]:
        """Place among the passes: by start, then by the ids of pass and field."""
        return self.start_ms, self.pass_id, self.field

    @property
    def weakest_evidence(self) -> str:
        """The weakest class of evidence of a hundredth of the ground or more; they are in order of strength."""
        whole = sum(m2 for _, m2 in self.evidence_m2)
        classes = [name for name, m2 in self.evidence_m2 if whole > 0.0 and m2 >= 0.01 * whole]
        return classes[-1] if classes else "none"


def ground_of_cells(cells: Mask, grid: Grid) -> shapely.Geometry:
    """Return the ground of cells as polygons in metres of their grid's plane."""
    edges = np.diff(np.pad(cells, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edges == 1)
    _, last = np.nonzero(edges == -1)
    side = grid.cell_m
    west, east = grid.west_m + first * side, grid.west_m + last * side
    south = grid.south_m + row * side
    return surfaces_of(shapely.union_all(shapely.box(west, south, east, south + side), grid_size=GRID_M))


def pack_ground(polygons: shapely.Geometry) -> str:
    """Return polygons as a text, to the millimetre: whole numbers of four bytes, compressed, in base64.

    The numbers are: count of polygons; of each its count of rings; of each ring, the outer one first, its count of
    corners; then of all corners east and north [mm], each less the corner before.
    """
    parts = [part for part in shapely.get_parts(polygons) if not part.is_empty]
    rings = [[part.exterior, *part.interiors] for part in parts]
    counts = [len(parts), *map(len, rings), *(len(ring.coords) for part in rings for ring in part)]
    corners = shapely.get_coordinates([ring for part in rings for ring in part])
    steps = np.diff(np.rint(corners / _KEPT_M).astype(np.int64), axis=0, prepend=np.zeros((1, 2), np.int64))
    numbers = np.concatenate((np.array(counts, np.int64), steps.ravel())).astype("<i4")
    return base64.b64encode(zlib.compress(numbers.tobytes(), 9)).decode()


def unpack_ground(text: str) -> shapely.Geometry:
    """Return the polygons of a text; raises ValueError for any other text."""
    numbers = np.frombuffer(_decompress(text, 16 * _MOST_CORNERS), "<i4").astype(np.int64)
    counts: list[int] = []

    def take(count: int) -> list[int]:
        found: list[int] = numbers[len(counts) : len(counts) + count].tolist()
        if count < 0 or len(found) != count:
            raise ValueError("the ground cannot be read")
        counts.extend(found)
        return found

    (polygons,) = take(1)
    rings = take(polygons)
    if any(count < 1 for count in rings):
        raise ValueError("the ground cannot be read")
    sizes = take(sum(rings))
    steps = numbers[len(counts) :]
    if any(size < 4 for size in sizes) or len(steps) != 2 * sum(sizes):
        raise ValueError("the ground cannot be read")
    corners = np.cumsum(steps.reshape(-1, 2), axis=0) * _KEPT_M
    closed = iter(np.split(corners, np.cumsum(sizes)[:-1]) if sizes else [])
    try:
        parts = [shapely.Polygon(next(closed), [next(closed) for _ in range(count - 1)]) for count in rings]
    except shapely.errors.ShapelyError as error:
        raise ValueError("the ground cannot be read") from error
    return shapely.MultiPolygon(parts)


def keep_precision(polygons: shapely.Geometry) -> shapely.Geometry:
    """Return polygons with corners on whole millimetres, as they are kept."""
    return surfaces_of(shapely.set_precision(polygons, _KEPT_M))


def pack_mask(cells: Mask) -> str:
    """Return cells as a text: bits by row, compressed, in base64."""
    return base64.b64encode(zlib.compress(np.packbits(cells).tobytes(), 9)).decode()


def unpack_mask(text: str, rows: int, columns: int) -> Mask:
    """Return the cells of a text; raises ValueError for any other text."""
    if not 0 < rows * columns <= MOST_CELLS:
        raise ValueError("the cells are too many")
    expected = (rows * columns + 7) // 8
    packed = _decompress(text, expected + 1)
    if len(packed) != expected:
        raise ValueError("the cells are of another size")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
    return bits.reshape(rows, columns).astype(np.bool_)


def _decompress(text: str, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("the cells cannot be read") from error
