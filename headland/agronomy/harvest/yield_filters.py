"""Filters of a combine's yield: named, each with its setting; a removed sample keeps the first reason that applies.

Sources: Blackmore and Moore 1999, Precision Agriculture 1; Arslan and Colvin 2002, Precision Agriculture 3; Sudduth and
Drummond 2007, Agronomy Journal 99; Leroux et al. 2018, Precision Agriculture 19.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.harvest.flow_lag import flow_at
from headland.agronomy.harvest.harvest_points import HarvestPoints, cut_before, find_strips
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values

CLEANING: Final = Method(
    "yield_cleaning",
    1,
    "samples are removed in this order: outside the field; header up or no width; start and end of a strip; no flow "
    "known for the place; speed beyond its limits; sudden change of speed; ground cut before beyond a share (below it "
    "the width is narrowed by that share, from a metre or a quarter of the width on); yield beyond its limits, by "
    "default the robust ones of the field (median plus or minus k of 1.4826 MAD); and far from the median of the "
    "neighbours (robust z, the spread at least 5 % of the median) (Blackmore and Moore 1999; Drummond, Fraisse and "
    "Sudduth 1999; Arslan and Colvin 2002; Sudduth and Drummond 2007; Leroux et al. 2018)",
)
#: Why a sample was removed, by code; 0 is kept.
REASONS: Final = (
    "kept",
    "outside",
    "header_up",
    "start_of_strip",
    "end_of_strip",
    "no_flow",
    "speed",
    "speed_change",
    "overlap",
    "yield_limits",
    "neighbours",
)
#: kg/m2 in t/ha.
_T_HA: Final = 10.0
_ROBUST: Final = 1.4826
_LEAST_NEIGHBOURS: Final = 8
#: Overlap of less than this [m], and up to this share, is jitter of positions and of squares: it narrows no cut.
_JITTER_M: Final = 1.0
_MOST_JITTER: Final = 0.25
#: Smallest spread among neighbours as a share of their median: evenness is no reason to remove what is near it.
_LEAST_SPREAD: Final = 0.05


@dataclass(frozen=True, slots=True)
class YieldFilters:
    """Settings of the filters.

    start_s, end_s
        Time after the header went down and before it went up in which the flow is not that of the place [s, 0..60].
    least_speed_m_s, most_speed_m_s
        Limits of speed [m/s, 0..10].
    speed_change
        Largest change of speed from one sample to the next, as a share [0.01..1].
    most_overlap
        Largest share of a cut on ground that was cut before [0..1].
    limit_z
        Distance of the limits from the field's median in robust standard deviations [1..20].
    least_t_ha, most_t_ha
        Limits of yield that replace those [t/ha]; None for the robust ones.
    neighbour_z
        Largest robust z within `neighbour_widths` widths [1..20].
    """

    start_s: float = 6.0
    end_s: float = 4.0
    least_speed_m_s: float = 0.5
    most_speed_m_s: float = 4.5
    speed_change: float = 0.25
    most_overlap: float = 0.5
    limit_z: float = 4.0
    least_t_ha: float | None = None
    most_t_ha: float | None = None
    neighbour_z: float = 3.5
    neighbour_widths: float = 2.0


@dataclass(frozen=True, slots=True)
class CleanedPoints:
    """Yield of each sample with the code of its reason in `REASONS`; yield is NaN where none is known.

    `limits_t_ha` are the limits of yield that applied.
    """

    yield_t_ha: Values
    reason: NDArray[np.uint8]
    overlap: Values
    limits_t_ha: tuple[float, float]

    @property
    def kept(self) -> Mask:
        """Which samples were kept."""
        return np.asarray(self.reason == 0, np.bool_)

    @property
    def counts(self) -> dict[str, int]:
        """The number of removed samples by reason, reasons without any left out."""
        found = np.bincount(self.reason, minlength=len(REASONS)).tolist()
        return {name: count for name, count in zip(REASONS, found, strict=True) if count and name != "kept"}


def clean_points(
    points: HarvestPoints,
    lag_s: float,
    filters: YieldFilters,
    *,
    field: shapely.Geometry | None = None,
    standard_moisture_pct: float | None = None,
) -> CleanedPoints:
    """Return the yield of each sample and why it was removed, with the flow `lag_s` later than the cut.

    With `standard_moisture_pct` the yield is that at this moisture, NaN where the grain's is not known.
    """
    strips = find_strips(points)
    overlap = cut_before(points)
    flow = flow_at(points, strips, lag_s)
    if standard_moisture_pct is not None:
        moisture = np.where((points.moisture_pct >= 0.0) & (points.moisture_pct < 60.0), points.moisture_pct, np.nan)
        flow = flow * (100.0 - moisture) / (100.0 - standard_moisture_pct)
    is_jitter = overlap <= np.minimum(_JITTER_M / np.maximum(points.width_m, 1e-9), _MOST_JITTER)
    width = points.width_m * np.where(is_jitter, 1.0, 1.0 - np.minimum(overlap, 0.95))
    area = np.where((points.speed_m_s > 0.0) & (width > 0.0), points.speed_m_s * width, np.nan)
    yields = flow / area * _T_HA
    reason = np.zeros(len(yields), np.uint8)

    def remove(which: Mask, name: str) -> None:
        reason[which & (reason == 0)] = REASONS.index(name)

    since_s, until_s = _within_strip(points, strips)
    if field is not None:
        remove(~shapely.contains_xy(field, points.east_m, points.north_m), "outside")
    remove(strips < 0, "header_up")
    remove(since_s < filters.start_s, "start_of_strip")
    remove(until_s < filters.end_s, "end_of_strip")
    remove(~np.isfinite(flow), "no_flow")
    remove(~((points.speed_m_s >= filters.least_speed_m_s) & (points.speed_m_s <= filters.most_speed_m_s)), "speed")
    remove(_changes(points, strips) > filters.speed_change, "speed_change")
    remove(overlap > filters.most_overlap, "overlap")
    limits = _limits(yields[reason == 0], filters)
    remove(~((yields >= limits[0]) & (yields <= limits[1])), "yield_limits")
    remove(_far_from_neighbours(points, yields, reason == 0, filters), "neighbours")
    return CleanedPoints(yields, reason, overlap, limits)


def _within_strip(points: HarvestPoints, strips: NDArray[np.int64]) -> tuple[Values, Values]:
    """Return the time since the strip's first sample and until its last [s]."""
    time_s = (points.time_ms - points.time_ms[:1]) / 1000.0
    since, until = np.zeros(len(time_s)), np.zeros(len(time_s))
    for strip in range(int(strips.max(initial=-1)) + 1):
        rows = np.flatnonzero(strips == strip)
        since[rows] = time_s[rows] - time_s[rows[0]]
        until[rows] = time_s[rows[-1]] - time_s[rows]
    return since, until


def _changes(points: HarvestPoints, strips: NDArray[np.int64]) -> Values:
    """Return the change of speed since the sample before within a strip, as a share of the faster one."""
    speed = np.nan_to_num(points.speed_m_s)
    change = np.zeros(len(speed))
    if len(speed) > 1:
        faster = np.maximum(np.maximum(speed[1:], speed[:-1]), 1e-9)
        change[1:] = np.where(strips[1:] == strips[:-1], np.abs(np.diff(speed)) / faster, 0.0)
    return change


def _limits(yields: Values, filters: YieldFilters) -> tuple[float, float]:
    low, high = np.nextafter(0.0, 1.0), np.inf
    if len(yields):
        middle = float(np.median(yields))
        reach = filters.limit_z * _ROBUST * float(np.median(np.abs(yields - middle)))
        if reach > 0.0:
            low, high = max(low, middle - reach), middle + reach
    return (
        float(low if filters.least_t_ha is None else filters.least_t_ha),
        float(high if filters.most_t_ha is None else filters.most_t_ha),
    )


def _far_from_neighbours(points: HarvestPoints, yields: Values, kept: Mask, filters: YieldFilters) -> Mask:
    rows = np.flatnonzero(kept)
    far = np.zeros(len(yields), np.bool_)
    if len(rows) <= _LEAST_NEIGHBOURS:
        return far
    reach_m = filters.neighbour_widths * float(np.median(points.width_m[rows]))
    places = shapely.points(points.east_m[rows], points.north_m[rows])
    one, other = shapely.STRtree(places).query(places, predicate="dwithin", distance=reach_m)
    one, other = one[one != other], other[one != other]
    value = yields[rows]
    middle, counts = _grouped_median(one, value[other], len(rows))
    spread = _ROBUST * _grouped_median(one, np.abs(value[other] - middle[one]), len(rows))[0]
    spread = np.maximum(spread, _LEAST_SPREAD * np.abs(middle))
    enough = counts >= _LEAST_NEIGHBOURS
    far[rows[enough & (np.abs(value - middle) > filters.neighbour_z * spread)]] = True
    return far


def _grouped_median(group: NDArray[np.int64], value: Values, groups: int) -> tuple[Values, NDArray[np.int64]]:
    """Return the median of the values of each group (NaN without any), and their count."""
    order = np.lexsort((value, group))
    counts = np.bincount(group, minlength=groups)
    ends = np.cumsum(counts)
    first = ends - counts
    if not len(value):
        return np.full(groups, np.nan), counts
    low = np.minimum(first + np.maximum(counts - 1, 0) // 2, len(value) - 1)
    high = np.minimum(first + counts // 2, len(value) - 1)
    middle = (value[order][low] + value[order][high]) / 2.0
    return np.where(counts > 0, middle, np.nan), counts
