"""Tail of a spray: the small droplets that the wind carries past the pattern, over the field and beyond it.

    share of the product that goes farther than x downwind = T (1 + x / b)^-c
    b = 10.25 m * (wind / 3 m/s) (height / 3 m),  c = 2.6

Beside a wide field that is the deposition at x, in shares of the rate: a point there has what came farther. T is the
volume in droplets below 150 um [2], b and c are fitted on a table of measured deposition [1]; a distance grows with the
wind and the height, as a settling droplet's does [3]. It is put on cells of two metres by the winds of the whole pass.

The table is of orchard sprayers, which drift like spraying drones [4]; judged on others, with the droplets' class, the
height and the wind that each holds for, in `tests/agronomy/application/test_drift_tail.py`. Where the wind is not
known, there is no tail and no answer about one. Granules have none.

Sources
-------
.. [1] Rautmann, Streloke and Winkler (2001), New basic drift values, Mitt. Biol. Bundesanst. 383, 133-141: late fruit,
       one application, 90th percentile, 5 to 50 m, read as the data set `drift_data_JKI` of the R package pfm. Its
       trials had winds of 1 to 5 m/s (guideline VII 2-1.1, not re-read): 3 m/s and a spray of 3 m are taken.
.. [2] GRDC (2025), Spray application manual, module 4.2: up to 20 % of a medium spray below 150 um, under 10 % of a
       coarse one, under 5 % of a very coarse one; a class coarser halves it.
.. [3] OMAFRA (2013), HortMatters 16: distances of droplets of 100 and 200 um are linear in the wind.
.. [4] Bonds et al. (2024), J. ASABE 67, 27-41, abstract: less than of aircraft, more than of booms, like airblast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.series.arrays import Values

#: T of each class of droplets; [2].
TAIL_SHARE: Final[Mapping[str, float]] = MappingProxyType({
    "extremely_fine": 0.6, "very_fine": 0.6, "fine": 0.4, "medium": 0.2, "coarse": 0.1, "very_coarse": 0.05,
    "extremely_coarse": 0.025, "ultra_coarse": 0.0125,
})  # fmt: skip
#: b and c, and the wind and height that they hold for; [1].
_SCALE_M, _POWER = 10.25, 2.6
_WIND_M_S, _HEIGHT_M = 3.0, 3.0
#: By what factor the tail may be more or less, in nine of ten cases: as the published tables differ from one another.
TAIL_FACTOR: Final = 2.0
#: How far beyond a map the tail is followed; the rest is counted as farther.
FOLLOWED_M: Final = 100.0
#: Below this share of the largest cell there is the transform's rounding alone.
_ROUNDING: Final = 1e-9
#: Cells of the tail are at least so large [m].
_CELL_M: Final = 2.0
#: Steps of the distance, the smallest b (no wind), and the winds of a pass that stand for all.
_STEP_M, _LEAST_SCALE_M, _WINDS = 1.0, 1e-3, 200


@dataclass(frozen=True, slots=True)
class DriftTail:
    """The tail of a spray: T, and where it goes at each instant: b east and north [m], the direction of the wind."""

    share: float
    east_m: Values
    north_m: Values


@dataclass(frozen=True, slots=True)
class SpreadTail:
    """Mass of a tail on a coarse grid around a map, and beyond it; `near_kg` is what did not drift, on its cells."""

    grid: Grid
    mass_kg: Values
    near_kg: Values
    farther_kg: float


def tail_of(droplet_class: str, wind_m_s: Values, from_deg: Values, height_m: Values) -> DriftTail:
    """Return the tail of a class of droplets sprayed by a multirotor, by columns of wind and height of equal length."""
    scale_m = _SCALE_M * wind_m_s / _WIND_M_S * np.maximum(height_m, 0.0) / _HEIGHT_M
    towards = np.radians(from_deg + 180.0)
    return DriftTail(TAIL_SHARE[droplet_class], scale_m * np.sin(towards), scale_m * np.cos(towards))


def share_beyond(distance_m: ArrayLike, droplet_class: str, wind_m_s: float, height_m: float) -> Values:
    """Return the share of the product that goes farther than a distance downwind: the deposition beside a field."""
    scale_m = _SCALE_M * wind_m_s / _WIND_M_S * height_m / _HEIGHT_M
    return np.asarray(TAIL_SHARE[droplet_class] * (1.0 + np.asarray(distance_m, np.float64) / scale_m) ** -_POWER)


def share_spread(tail: DriftTail | None) -> float:
    """Return the share of the product that lands by its pattern."""
    return 1.0 if tail is None else 1.0 - tail.share


def spread_tail(landed_kg: Values, grid: Grid, tail: DriftTail | None, weight: Values) -> SpreadTail:
    """Return where the tail of what would land on a map's cells goes; nothing drifts without a tail.

    `landed_kg` (rows, columns) is all of the product by its pattern, `weight` the product of each instant of the tail.
    """
    fold = max(round(_CELL_M / grid.cell_m), 1)
    side_m = fold * grid.cell_m
    edge = int(np.ceil(FOLLOWED_M / side_m))
    rows, columns = -(-grid.rows // fold), -(-grid.columns // fold)
    padded = np.zeros((rows * fold, columns * fold))
    padded[: grid.rows, : grid.columns] = landed_kg
    source = padded.reshape(rows, fold, columns, fold).sum(axis=(1, 3))
    shape = (rows + 2 * edge, columns + 2 * edge)
    near_kg = np.zeros(shape)
    near_kg[edge : edge + rows, edge : edge + columns] = source * share_spread(tail)
    around = Grid(grid.west_m - edge * side_m, grid.south_m - edge * side_m, side_m, *shape)
    if tail is None:
        return SpreadTail(around, np.zeros(shape), near_kg, 0.0)
    kernel = _kernel(tail, weight, side_m, edge)
    spread = np.fft.irfft2(np.fft.rfft2(source, shape) * np.fft.rfft2(kernel, shape), shape)
    mass_kg = np.where(spread > _ROUNDING * spread.max(), spread, 0.0) * tail.share
    drifted_kg = tail.share * float(source.sum())
    return SpreadTail(around, mass_kg, near_kg, max(drifted_kg - float(mass_kg.sum()), 0.0))


def tail_on(grid: Grid, spread: SpreadTail) -> Values:
    """Return the mass of a tail on the cells of the map that it was spread from."""
    fold = round(spread.grid.cell_m / grid.cell_m)
    first_row = round((grid.south_m - spread.grid.south_m) / spread.grid.cell_m)
    first_column = round((grid.west_m - spread.grid.west_m) / spread.grid.cell_m)
    fine = np.repeat(np.repeat(spread.mass_kg[first_row:, first_column:], fold, axis=0), fold, axis=1)
    return np.asarray(fine[: grid.rows, : grid.columns] / fold**2)


def _kernel(tail: DriftTail, weight: Values, side_m: float, edge: int) -> Values:
    """Return the shares of a tail by cells east and north of where its product would have landed, up to `edge`."""
    chosen = np.unique(np.linspace(0, len(weight) - 1, min(_WINDS, len(weight))).astype(np.int64))
    part = weight[chosen] if float(weight[chosen].sum()) > 0.0 else np.ones(len(chosen))
    east_m, north_m = tail.east_m[chosen], tail.north_m[chosen]
    scale_m = np.maximum(np.hypot(east_m, north_m), _LEAST_SCALE_M)
    ends_m = np.arange(0.0, 1.5 * FOLLOWED_M, _STEP_M)
    farther = (1.0 + ends_m / scale_m[:, None]) ** -_POWER
    shares = (-np.diff(farther, axis=1) * (part / part.sum())[:, None]).ravel()
    middles_m = ends_m[1:] - _STEP_M / 2.0
    places = [np.outer(axis / scale_m, middles_m).ravel() / side_m + edge for axis in (north_m, east_m)]
    kernel = np.zeros((2 * edge + 1, 2 * edge + 1))
    row, column = (np.floor(place).astype(np.int64) for place in places)
    in_row, in_column = places[0] - row, places[1] - column
    for up, row_part in ((0, 1.0 - in_row), (1, in_row)):
        for over, column_part in ((0, 1.0 - in_column), (1, in_column)):
            at_row, at_column, mass = row + up, column + over, shares * row_part * column_part
            inside = (at_row >= 0) & (at_row <= 2 * edge) & (at_column >= 0) & (at_column <= 2 * edge)
            np.add.at(kernel, (at_row[inside], at_column[inside]), mass[inside])
    return kernel
