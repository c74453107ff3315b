"""Ground that passes treated on a field, on cells of the field's own: ground that several treated counts once."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Mask
from headland.units_of_time import DAY_MS

MOST_CELLS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class PlacedCells:
    """Cells of the ground and where they lie; without a plane and a grid it is not known where."""

    cells: Mask
    plane: Plane | None = None
    grid: Grid | None = None

    def on(self, other: PlacedCells) -> Mask:
        """Return which cells of another grid these cells touch.

        After an outline was edited its cells lie elsewhere: each that touches one of these is taken for the same
        ground, so that none is counted twice. Cells without a place are compared where their shapes are equal.
        """
        is_same_grid = (self.plane, self.grid) == (other.plane, other.grid)
        is_placed = self.plane is not None and other.plane is not None
        if is_same_grid or not is_placed:
            return self.cells if self.cells.shape == other.cells.shape else np.zeros_like(other.cells)
        touched = np.zeros_like(other.cells)
        at = np.flatnonzero(other.cells)
        touched.flat[at] = self._touches(other, at)
        return touched

    def _touches(self, other: PlacedCells, at: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Mask:
        """Return whether these cells touch the cells `at` of another grid, by the corners of those."""
        mine, theirs = self.grid, other.grid
        if mine is None or theirs is None or self.plane is None or other.plane is None:
            return np.zeros(len(at), np.bool_)
        row, column = np.divmod(at, theirs.columns)
        # Just within the corners: a cell that only shares an edge does not touch.
        found = np.zeros(len(at), np.bool_)
        for up in (0.001, 0.999):
            for right in (0.001, 0.999):
                latitude, longitude = other.plane.to_degrees(
                    east_m=theirs.west_m + (column + right) * theirs.cell_m,
                    north_m=theirs.south_m + (row + up) * theirs.cell_m,
                )
                east, north = self.plane.to_metres(latitude, longitude)
                x = np.floor((east - mine.west_m) / mine.cell_m).astype(np.int64)
                y = np.floor((north - mine.south_m) / mine.cell_m).astype(np.int64)
                inside = (y >= 0) & (y < mine.rows) & (x >= 0) & (x < mine.columns)
                found[inside] |= self.cells[y[inside], x[inside]]
        return found


@dataclass(frozen=True, slots=True)
class TreatedGround:
    """The ground of a field that a pass treated: cells (rows from south to north), and the class of evidence [m2].

    `grams` is the product on it, None where its amount is unknown. `operator` is who worked. `plane` and `grid` are
    where the cells lie. `is_replaced` where the same machine's later declaration of the same time stands for it.
    """

    field: str
    pass_id: str
    operator: str
    start_ms: int
    product: str
    cell_m: float
    cells: Mask
    grams: int | None
    evidence_m2: tuple[tuple[str, float], ...]
    is_night: bool
    simulated: bool
    plane: Plane | None = None
    grid: Grid | None = None
    is_replaced: bool = False

    @property
    def placed(self) -> PlacedCells:
        """The cells with their place."""
        return PlacedCells(self.cells, self.plane, self.grid)

    @property
    def area_m2(self) -> int:
        """The treated ground."""
        return _area(self.cells, self.cell_m)

    @property
    def key(self) -> tuple[int, str]:
        """Place among the passes of a field: by start, then by id."""
        return self.start_ms, self.pass_id

    @property
    def weakest_evidence(self) -> str:
        """The weakest class of evidence of a hundredth of the ground or more; they are in order of strength."""
        whole = sum(m2 for _, m2 in self.evidence_m2)
        classes = [name for name, m2 in self.evidence_m2 if whole > 0.0 and m2 >= 0.01 * whole]
        return classes[-1] if classes else "none"


@dataclass(frozen=True, slots=True)
class CountedGround:
    """The part of a pass's ground on a field that counts, with the product on it: without what an earlier pass has."""

    ground: TreatedGround
    area_m2: int
    grams: int
    repeated_m2: int


def count_once(works: Iterable[TreatedGround], repeat_days: int) -> list[CountedGround]:
    """Return the ground of each pass on one field that no earlier pass with the same product has within some days.

    The order of `works` does not matter. Their areas add up to the ground that any of them treated, where all are
    within the days of each other.
    """
    counted: list[CountedGround] = []
    earlier: list[TreatedGround] = []
    for work in sorted(works, key=lambda each: each.key):
        fresh = work.cells.copy()
        for other in earlier:
            is_near = work.start_ms - other.start_ms < repeat_days * DAY_MS
            if is_near and other.product == work.product:
                fresh &= ~other.placed.on(work.placed)
        area, whole = int(fresh.sum()), int(work.cells.sum())
        grams = 0 if work.grams is None or whole == 0 else work.grams * area // whole
        area_m2 = _area(fresh, work.cell_m)
        counted.append(CountedGround(work, area_m2, grams, work.area_m2 - area_m2))
        earlier.append(work)
    return counted


def union_m2(works: Sequence[TreatedGround]) -> int:
    """Return the ground of one field that any of some passes treated."""
    if not works:
        return 0
    return _area(np.logical_or.reduce([work.cells for work in works]), works[0].cell_m)


def pack_mask(cells: Mask) -> str:
    """Return cells as a text: bits by row, compressed, in base64."""
    return base64.b64encode(zlib.compress(np.packbits(cells).tobytes(), 9)).decode()


def unpack_mask(text: str, rows: int, columns: int) -> Mask:
    """Return the cells of a text; raises ValueError for any other text."""
    if not 0 < rows * columns <= MOST_CELLS:
        raise ValueError("the cells are too many")
    expected = (rows * columns + 7) // 8
    try:
        unpacking = zlib.decompressobj()
        packed = unpacking.decompress(base64.b64decode(text, validate=True), expected + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("the cells cannot be read") from error
    if len(packed) != expected:
        raise ValueError("the cells are of another size")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
    return bits.reshape(rows, columns).astype(np.bool_)


def _area(cells: Mask, cell_m: float) -> int:
    return round(int(cells.sum()) * cell_m * cell_m)
