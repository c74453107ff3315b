"""Ground that passes treated on a field, on cells of the field's own: ground that several treated counts once."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Mask
from headland.units_of_time import DAY_MS

MOST_CELLS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class TreatedGround:
    """The ground of a field that a pass treated: cells (rows from south to north), and the class of evidence [m2].

    `grams` is the product on it, None where its amount is unknown. `operator` is who worked.
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
            if is_near and other.product == work.product and other.cells.shape == fresh.shape:
                fresh &= ~other.cells
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
