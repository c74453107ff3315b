"""Comparison of yield maps: with what was applied, cell by cell, and over years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.students_t import t_quantile

AGAINST_APPLIED: Final = Method(
    "yield_against_applied",
    1,
    "least-squares slope of the yield of a cell on the amount applied to it; because neighbouring cells are alike, "
    "the interval is by leaving out one square block of the field at a time (delete-a-group jackknife, Student's t "
    "with the blocks less one; of nominal 95 %, 90 % in 400 simulated fields whose patterns were half as wide as a "
    "block), from 8 blocks and a coefficient of variation of the amount of 3 % on; an association, which no design "
    "guards against the ground's own differences",
)
STABILITY: Final = Method(
    "yield_stability",
    1,
    "each year's yield in percent of its mean over the cells that all years know; their mean over the years, and "
    "their coefficient of variation over the years, from 3 years on (Blackmore 2000, Computers and Electronics in "
    "Agriculture 26, with the coefficient over the years of each cell)",
)
LEAST_BLOCKS: Final = 8
LEAST_YEARS: Final = 3
_LEAST_CV: Final = 0.03
_LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Slope:
    """Change of yield with the amount applied, t/ha for each unit per hectare, with its 95 % interval.

    `correlation` is that of the cells. Values are None with a reason.
    """

    slope: float | None
    low: float | None
    high: float | None
    correlation: Annotated[float | None, "Correlation over the cells; null with a reason."]
    cells: Annotated[int, "Number of cells that know both."]
    blocks: Annotated[int, "Number of blocks with such cells."]
    reason: Annotated[str | None, "too_few_blocks or applied_evenly; null with a slope."] = None


def slope_on_applied(applied: Values, yields: Values, block: NDArray[np.int64]) -> Slope:
    """Return the slope of yield on the applied amount over cells that know both, with `block` the block of each."""
    known = np.isfinite(applied) & np.isfinite(yields)
    x, y = applied[known], yields[known]
    names, group = np.unique(block[known], return_inverse=True)
    cells, blocks = len(x), len(names)
    if blocks < LEAST_BLOCKS:
        return Slope(None, None, None, None, cells, blocks, "too_few_blocks")
    if not x.std() > _LEAST_CV * abs(x.mean()):
        return Slope(None, None, None, None, cells, blocks, "applied_evenly")
    # Sums of each block about the common means, so that leaving one out is a subtraction.
    x, y = x - x.mean(), y - y.mean()
    parts = np.stack([np.bincount(group, row, minlength=blocks) for row in (np.ones(cells), x, y, x * x, x * y)])
    whole = parts.sum(axis=1)
    slope = _slope(whole[:, None])[0]
    each = _slope(whole[:, None] - parts)
    error = float(np.sqrt((blocks - 1) / blocks * np.sum((each - each.mean()) ** 2)))
    reach = t_quantile(_LEVEL, blocks - 1) * error
    correlation = float(np.sum(x * y) / np.sqrt(np.sum(x * x) * np.sum(y * y))) if np.any(y) else 0.0
    return Slope(float(slope), float(slope - reach), float(slope + reach), correlation, cells, blocks)


def relative_stability(yields: Values) -> tuple[Values, Values]:
    """Return mean relative yield [%] and its coefficient of variation over the years [%] of each cell.

    `yields` (years, cells), NaN where unknown; years from 3. Cells that a year does not know are NaN.
    """
    common = np.isfinite(yields).all(axis=0)
    relative = np.full(yields.shape, np.nan)
    if len(yields) >= LEAST_YEARS and common.any():
        relative[:, common] = 100.0 * yields[:, common] / yields[:, common].mean(axis=1, keepdims=True)
    mean = relative.mean(axis=0)
    return mean, 100.0 * relative.std(axis=0, ddof=1) / mean


def _slope(sums: Values) -> Values:
    n, x, y, xx, xy = sums
    return np.asarray((xy - x * y / n) / (xx - x * x / n))
