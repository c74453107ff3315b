"""Flow lag of a combine, fitted by strips that neighbouring strips in the other direction lie beside.

A lag moves the yields of two opposite strips apart, by twice the way driven in it; the right one brings them together
(Chung, Sudduth and Drummond 2002, Trans. ASAE 45(4); Blackmore and Moore 1999, Precision Agriculture 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.harvest.harvest_points import HarvestPoints, angle_deg, find_strips
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values

FLOW_LAG: Final = Method(
    "flow_lag_opposing",
    1,
    "the lag at which neighbouring points of opposite strips differ least: mean square of the difference in yield, "
    "each cut off at three robust standard deviations, over lags from -10 to 25 s by the usual step of samples (a lag "
    "between samples would average their noise), the minimum by a parabola; standard errors by leaving out one strip "
    "at a time (jackknife); none below 6 opposite strips or 200 pairs, at an end of the range, with a minimum less "
    "than 2 % or three standard errors below the mean or a lag beside it that is not 40 % as deep, or a standard "
    "error of the lag above 1.5 s (Chung, Sudduth and Drummond 2002; Blackmore and Moore 1999)",
)
_FIRST_S: Final = -10.0
_LAST_S: Final = 25.0
_LEAST_STEP_S: Final = 0.5
_LEAST_STRIPS: Final = 6
_LEAST_PAIRS: Final = 200
_MOST_ERROR_S: Final = 1.5
_LEAST_DEPTH: Final = 0.02
#: Depth of the minimum in its standard errors: the best of 36 lags of noise may have as many.
_LEAST_DEPTHS: Final = 3.0
#: Share of the depth that both lags beside the minimum have: grain is mixed on its way, so the minimum is no spike.
_LEAST_BESIDE: Final = 0.4
_OPPOSITE_DEG: Final = 150.0
#: Neighbours are at most so many widths away, and at least so far is searched [m].
_NEAR_WIDTHS: Final = 1.5
_NEAR_M: Final = 4.0
#: Points whose neighbours are searched; more say no more.
_MOST_POINTS: Final = 6000
_LEAST_SPEED_M_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class FlowLag:
    """The time from the header to the flow sensor [s]; None with a reason where the strips do not show it."""

    lag_s: float | None
    error_s: float | None
    strips: int
    pairs: int
    reason: str | None = None


def fit_flow_lag(points: HarvestPoints) -> FlowLag:
    """Return the lag at which opposite neighbouring strips agree best, or why there is none."""
    strips = find_strips(points)
    usable = _usable(points, strips)
    one, other = _opposite_pairs(points, strips, usable)
    groups, group = np.unique(strips[one], return_inverse=True)
    if len(groups) < _LEAST_STRIPS or len(one) < _LEAST_PAIRS:
        return FlowLag(None, None, len(groups), len(one), "too_few_opposite_strips")
    area = np.where(usable, points.speed_m_s * points.width_m, np.nan)
    usual_s = float(np.median(np.diff(points.time_ms))) / 1000.0
    step_s = usual_s * max(1, round(_LEAST_STEP_S / usual_s)) if usual_s > 0.0 else 1.0
    lags_s = np.arange(np.ceil(_FIRST_S / step_s), np.floor(_LAST_S / step_s) + 1.0) * step_s
    yields = np.stack([flow_at(points, strips, lag) / area for lag in lags_s.tolist()])
    difference = yields[:, one] - yields[:, other]
    known = np.isfinite(difference)
    spread = 1.4826 * float(np.median(np.abs(difference[known]))) if known.any() else 0.0
    if not spread > 0.0:
        return FlowLag(None, None, len(groups), len(one), "lag_not_shown")
    square = np.where(known, np.minimum(np.abs(difference), 3.0 * spread) ** 2, 0.0)
    sums, counts = (
        np.stack([np.bincount(group, row, minlength=len(groups)) for row in each]) for each in (square, known)
    )
    all_sums, all_counts = sums.sum(axis=1), counts.sum(axis=1)
    whole = _minimum(lags_s, all_sums, all_counts)
    without = [_minimum(lags_s, all_sums - sums[:, g], all_counts - counts[:, g]) for g in range(len(groups))]
    if whole is None or any(each is None for each in without):
        return FlowLag(None, None, len(groups), len(one), "lag_at_the_end_of_the_range")
    left_out = np.array([(each.lag_s, each.depth) for each in without if each is not None])
    error_s, depth_error = np.sqrt(
        (len(groups) - 1) * np.mean((left_out - left_out.mean(axis=0)) ** 2, axis=0)
    ).tolist()
    is_deep = whole.depth >= max(_LEAST_DEPTH, _LEAST_DEPTHS * depth_error)
    if not (is_deep and whole.beside >= _LEAST_BESIDE * whole.depth):
        return FlowLag(None, error_s, len(groups), len(one), "lag_not_shown")
    if error_s > _MOST_ERROR_S:
        return FlowLag(None, error_s, len(groups), len(one), "lag_uncertain")
    return FlowLag(whole.lag_s, error_s, len(groups), len(one))


def flow_at(points: HarvestPoints, strips: NDArray[np.int64], lag_s: float) -> Values:
    """Return the flow of what was cut at each sample, `lag_s` later at the sensor; NaN where that is not known.

    It is that of the nearest sample: one faulty sample is one fault, and noise is not averaged.
    """
    known = np.isfinite(points.flow_kg_s)
    if np.count_nonzero(known) < 2:
        return np.full(len(points.time_ms), np.nan)
    if lag_s == 0.0:
        return points.flow_kg_s
    time_s = (points.time_ms - points.time_ms[0]) / 1000.0
    at_s = time_s + lag_s
    middles = (time_s[known][1:] + time_s[known][:-1]) / 2.0
    flow = points.flow_kg_s[known][np.searchsorted(middles, at_s)]
    first_s, last_s = _ends_s(points, strips, time_s)
    return np.where((at_s >= first_s) & (at_s <= last_s), flow, np.nan)


def _ends_s(points: HarvestPoints, strips: NDArray[np.int64], time_s: Values) -> tuple[Values, Values]:
    """Return from when to when the flow is known without a gap around each sample, by the samples that have one."""
    known = np.isfinite(points.flow_kg_s)
    steps = np.diff(time_s[known])
    longest = max(3.0 * float(np.median(steps)), 5.0)
    run = np.concatenate(([0], np.cumsum(steps > longest)))
    starts = time_s[known][np.concatenate(([0], np.flatnonzero(np.diff(run)) + 1))]
    ends = time_s[known][np.concatenate((np.flatnonzero(np.diff(run)), [len(run) - 1]))]
    at = np.clip(np.searchsorted(starts, time_s, side="right") - 1, 0, len(starts) - 1)
    inside = (strips >= 0) & (time_s <= ends[at])
    return np.where(inside, starts[at], np.inf), np.where(inside, ends[at], -np.inf)


def _usable(points: HarvestPoints, strips: NDArray[np.int64]) -> Mask:
    width = points.width_m
    usual = float(np.median(width[points.cutting])) if points.cutting.any() else np.inf
    return (strips >= 0) & (points.speed_m_s >= _LEAST_SPEED_M_S) & (width >= 0.8 * usual)


def _opposite_pairs(
    points: HarvestPoints, strips: NDArray[np.int64], usable: Mask
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of samples: each with the nearest of a neighbouring strip in the other direction."""
    rows = np.flatnonzero(usable)
    none = np.empty(0, np.int64)
    if len(rows) < 2:
        return none, none
    asked = rows[:: max(1, -(-len(rows) // _MOST_POINTS))]
    reach_m = max(_NEAR_WIDTHS * float(np.median(points.width_m[rows])), _NEAR_M)
    tree = shapely.STRtree(shapely.points(points.east_m[rows], points.north_m[rows]))
    found = tree.query(
        shapely.points(points.east_m[asked], points.north_m[asked]), predicate="dwithin", distance=reach_m
    )
    one, other = asked[found[0]], rows[found[1]]
    heading = points.heading_deg
    opposite = (strips[one] != strips[other]) & (angle_deg(heading[one], heading[other]) >= _OPPOSITE_DEG)
    one, other = one[opposite], other[opposite]
    distance_m = np.hypot(points.east_m[one] - points.east_m[other], points.north_m[one] - points.north_m[other])
    order = np.lexsort((other, distance_m, one))
    one, other = one[order], other[order]
    first = np.concatenate(([True], one[1:] != one[:-1])) if len(one) else np.empty(0, np.bool_)
    return one[first], other[first]


@dataclass(frozen=True, slots=True)
class _Minimum:
    """The lag of the least mean square [s]; shares by which it and its shallower neighbour are below the mean."""

    lag_s: float
    depth: float
    beside: float


def _minimum(lags_s: Values, sums: Values, counts: Values) -> _Minimum | None:
    """Return the lag of the least mean square, between the steps by a parabola; None at an end of the range."""
    cost = np.where(counts >= max(0.3 * float(counts.max()), 1.0), sums / np.maximum(counts, 1), np.inf)
    at = int(np.argmin(cost))
    if not 0 < at < len(cost) - 1 or not np.isfinite(cost[at - 1 : at + 2]).all():
        return None
    left, middle, right = cost[at - 1 : at + 2].tolist()
    bend = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / bend if bend > 0.0 else 0.0
    usual = max(float(np.mean(cost[np.isfinite(cost)])), 1e-300)
    lag_s = float(lags_s[at] + shift * (lags_s[1] - lags_s[0]))
    return _Minimum(lag_s, 1.0 - middle / usual, 1.0 - max(left, right) / usual)
