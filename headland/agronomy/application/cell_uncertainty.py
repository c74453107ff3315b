"""Uncertainty of each cell's rate: drift by wind, position, flow, the tail, and granules that land by chance.

    variance = (slope along the wind * shift's deviation)^2 + (slope * position's)^2 + (rate * flow's)^2
             + ((brought - taken by the tail) * tail's)^2 + rate * granule / cell + (rate * pattern's)^2
             + (rate * gusts' shift / cell)^2 cell / swath

Slopes are of the map, so that they are largest at the edges of swaths. Gusts between the reports of the wind move
swaths of droplets apart and together: of a cell with a seam that is the moved part of its side. A 90 % interval is
1.645 deviations to both sides, from 0. How often they hold what landed: `docs/reference/as-applied.md`, by
`tests/bench/bench_cells.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.application.drift import WindDrift
from headland.agronomy.application.drift_tail import TAIL_FACTOR
from headland.agronomy.series.arrays import Values

#: Deviations on both sides of a normal variable that hold 90 % of it.
COVERED_90: Final = 1.645
#: Standard deviations: of a position across and along the track, receiver, attitude and time together [m]; of the flow
#: as a share; and of the pattern at a place over a metre, of droplets and of granules, which a disc throws unevenly.
#: They are set so that nine of ten cells of simulated passes are held, of other seeds than the documented ones.
_POSITION_M: Final = 0.12
_FLOW_SHARE: Final = 0.02
_PATTERN_SHARE, _GRANULES_SHARE = 0.05, 0.095
#: Mass of a prill of urea of 3 mm: on a cell lands a Poisson number of them [kg].
_GRANULE_KG: Final = 18.8e-6
#: Gusts as a share of the wind, a few metres above a field.
_GUSTS: Final = 0.24
_TAIL_DEVIATION: Final = math.log(TAIL_FACTOR) / COVERED_90


@dataclass(frozen=True, slots=True)
class CellErrors:
    """What makes a cell's rate uncertain beside the map itself.

    `shift_m` is the mean drift east and north, `moved` the rate that the tail brought less what it took (rows,
    columns), `swath_m` the distance of seams, `is_granules` whether the product is counted in granules.
    """

    air: WindDrift
    shift_m: tuple[float, float]
    moved: Values
    swath_m: float
    is_granules: bool


def rate_uncertainty(rate: Values, cell_m: float, errors: CellErrors) -> Values:
    """Return the standard deviation of each cell's rate [the rate's unit]; `rate` has 0 where nothing landed."""
    known = np.nan_to_num(rate)
    north, east = np.gradient(known, cell_m) if min(known.shape) > 1 else (np.zeros(known.shape),) * 2
    air, (shift_east_m, shift_north_m) = errors.air, errors.shift_m
    steepness = east**2 + north**2
    uneven = _GRANULES_SHARE if errors.is_granules else _PATTERN_SHARE
    variance = (known * _FLOW_SHARE) ** 2 + (known * uneven) ** 2 / max(cell_m, 1.0)
    variance += steepness * _POSITION_M**2
    if air.uncertain_m:
        variance += steepness * air.uncertain_m**2 / 2.0
    variance += ((east * shift_east_m + north * shift_north_m) * air.uncertain_share) ** 2
    variance += (errors.moved * _TAIL_DEVIATION) ** 2
    if errors.is_granules:
        variance += known * _GRANULE_KG / (cell_m * cell_m / 10_000.0)
    else:
        # A fan of droplets ends within decimetres, so that its seams show; granules fade over metres.
        gusts_m = _GUSTS * math.hypot(shift_east_m, shift_north_m)
        variance += (known * gusts_m / cell_m) ** 2 * min(cell_m / errors.swath_m, 1.0)
    return np.asarray(np.sqrt(variance))


def interval_90(rate: Values, deviation: Values) -> tuple[Values, Values]:
    """Return the ends of the 90 % interval of each rate, from 0."""
    half = COVERED_90 * deviation
    return np.maximum(rate - half, 0.0), np.asarray(rate + half)
