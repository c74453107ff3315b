"""Product beside a field by its distance: what the pattern laid there, and what the wind carried there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
import shapely

from headland.agronomy.application.cell_uncertainty import COVERED_90
from headland.agronomy.application.drift_tail import TAIL_FACTOR, SpreadTail
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.outline import rasterise
from headland.agronomy.series.arrays import Mask, Values

#: Where the bands begin [m]; the last one has no end.
BANDS_M: Final = (0.0, 5.0, 10.0, 20.0, 50.0)


@dataclass(frozen=True, slots=True)
class OutsideBand:
    """Product that came down in a band of distances from the field, with its 90 % interval; not counted as applied."""

    from_m: Annotated[float, "Distance from the field at which the band begins."]
    to_m: Annotated[float | None, "Distance at which it ends; null: no end."]
    amount: Annotated[float, "Amount that came down there, by pattern, wind and droplets' tail."]
    low: Annotated[float, "Low end of its 90 % interval."]
    high: Annotated[float, "High end of its 90 % interval."]
    drifted: Annotated[float, "The part by the droplets' tail alone."]


def measure_outside(
    field: shapely.Geometry,
    spread: SpreadTail,
    outside: float,
    off_map: float,
    on_edge: float,
    shift_m: tuple[float, float],
    uncertain_share: float,
) -> tuple[OutsideBand, ...]:
    """Return the product beside a field by bands, which add up to `outside`, all that came down there.

    `off_map` is the part by the pattern beside the map, in the last band, `on_edge` that on cells which the field's
    edge cuts: they count by their middle, so that all of it may be the field's. What coarse cells divide otherwise
    than the map is in the first band.

    An interval is that of the shift (`uncertain_share` of `shift_m`) for what the pattern laid, and of the tail's
    factor for the rest; both are taken at their ends.
    """
    bands = _bands(field, spread.grid)
    deviation = COVERED_90 * uncertain_share / spread.grid.cell_m
    moved = [
        _moved(spread.near_kg, sign * deviation * shift_m[1], sign * deviation * shift_m[0])
        for sign in (-1.0, 0.0, 1.0)
    ]
    by_pattern = np.array([[float(mass[band].sum()) for mass in moved] for band in bands])
    by_tail = np.array([float(spread.mass_kg[band].sum()) for band in bands])
    by_tail[-1] += spread.farther_kg
    by_pattern[-1] += off_map
    by_pattern[0] += outside - float(by_pattern[:, 1].sum() + by_tail.sum())
    lows = by_pattern.min(axis=1)
    lows[0] -= on_edge
    ends = (*BANDS_M[1:], None)
    return tuple(
        OutsideBand(
            BANDS_M[at], ends[at], float(near[1] + tail),
            max(float(lows[at]), 0.0) + float(tail) / TAIL_FACTOR, float(near.max() + tail * TAIL_FACTOR), float(tail),
        )
        for at, (near, tail) in enumerate(zip(by_pattern, by_tail, strict=True))
    )  # fmt: skip


def _bands(field: shapely.Geometry, grid: Grid) -> list[Mask]:
    """Return the cells of each band."""
    within = [rasterise(field if not edge_m else field.buffer(edge_m), grid) for edge_m in BANDS_M]
    within.append(np.ones((grid.rows, grid.columns), np.bool_))
    return [outer & ~inner for inner, outer in pairwise(within)]


def _moved(mass: Values, rows: float, columns: float) -> Values:
    """Return mass on cells moved by some rows and columns, its parts divided among neighbours."""
    for axis, by in ((0, rows), (1, columns)):
        whole, part = int(np.floor(by)), by - np.floor(by)
        mass = (1.0 - part) * np.roll(mass, whole, axis) + part * np.roll(mass, whole + 1, axis)
    return mass
