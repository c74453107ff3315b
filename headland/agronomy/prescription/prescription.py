"""From what was measured of a field to how much each zone of it gets: zones, rates, and what forbids them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.prescription.interpolation import MOST_POINTS
from headland.agronomy.prescription.zones import (
    NO_ZONE,
    Labels,
    cluster_zones,
    quantile_zones,
    share_rates,
    smooth_zones,
)
from headland.agronomy.series.arrays import Mask, Values

#: Less of a field measured than this is no ground for a map of it.
COVERAGE_BAR: Final = 0.9
_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine can do, each None where it is not known. Flow and rates in one unit: kg or L."""

    swath_m: float
    most_flow_min: float | None = None
    least_speed_m_s: float | None = None
    most_speed_m_s: float | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One constraint: whether it holds (None: not known), and the sentence."""

    id: str
    holds: bool | None
    detail: str


def thin_points(points_m: Values, value: Values, most: int = MOST_POINTS) -> tuple[Values, Values]:
    """Return at most `most` points: the means of those within squares, as small as it takes; few stay as they are.

    Points at one place become one as well. `points_m` (n, 2), `value` (n,).
    """
    distinct = len(np.unique(points_m, axis=0)) == len(points_m)
    if len(points_m) <= most and distinct:
        return points_m, value
    extent_m = max(float(np.ptp(points_m, axis=0).max()), 1e-3)
    side_m = extent_m / 1e6 if len(points_m) <= most else extent_m / np.sqrt(most) / 2.0
    while True:
        squares = np.floor((points_m - points_m.min(axis=0)) / side_m).astype(np.int64)
        _, square = np.unique(squares, axis=0, return_inverse=True)
        square = square.ravel()
        if square.max() < most:
            break
        side_m *= 1.2
    count = np.bincount(square)
    means = [np.bincount(square, column) / count for column in (*points_m.T, value)]
    return np.column_stack(means[:2]), np.asarray(means[2])


def fill_gaps(layer: Values, usable: Mask) -> tuple[Values, float]:
    """Return a layer without gaps in the usable cells, each filled from the nearest known cell, and the known share.

    NaN outside. Raises ValueError where less than `COVERAGE_BAR` of the usable cells is known.
    """
    known = usable & np.isfinite(layer)
    total = int(np.count_nonzero(usable))
    share = float(np.count_nonzero(known)) / total if total else 0.0
    if share < COVERAGE_BAR:
        raise ValueError(f"only {share:.0%} of the field is measured, and {COVERAGE_BAR:.0%} are needed")
    filled = np.where(usable, layer, np.nan)
    sources, gaps = np.argwhere(known), np.argwhere(usable & ~known)
    for start in range(0, len(gaps), _AT_ONCE):
        part = gaps[start : start + _AT_ONCE]
        nearest = ((part[:, None, :] - sources[None]) ** 2).sum(axis=2).argmin(axis=1)
        filled[tuple(part.T)] = filled[tuple(sources[nearest].T)]
    return filled, share


def draw_zones(layers: Sequence[Values], zones: int, *, by: str, smooth: int) -> Labels:
    """Return zones 0 (the lowest of the first layer) on; `by` is "kmeans" or "quantile" of the first layer alone.

    Zones that vanish when specks are smoothed away leave no gap in the numbers. Raises ValueError.
    """
    labels = cluster_zones(np.stack(layers), zones) if by == "kmeans" else quantile_zones(layers[0], zones)
    labels = smooth_zones(labels, rounds=smooth)
    numbers = np.unique(labels[labels != NO_ZONE])
    return np.where(labels == NO_ZONE, NO_ZONE, np.searchsorted(numbers, labels)).astype(np.int64)


def rate_by_index(index: Values, rates_ha: tuple[float, float], *, compensate: bool) -> Values:
    """Return a rate for each zone on the line over its mean index: the weak get more with `compensate`, else less."""
    least, most = rates_ha
    extent = float(np.ptp(index))
    share = (index - index.min()) / extent if extent > 0.0 else np.full(len(index), 0.5)
    return most - share * (most - least) if compensate else least + share * (most - least)


def settle_rates(
    area_ha: Values, wish_ha: Values, limits_ha: tuple[float, float], total: float | None
) -> tuple[Values, bool]:
    """Return the rates within their limits, that come to `total` where one is given, and whether limits bind.

    A zone that is to get nothing gets nothing. Raises ValueError where the limits do not let the total be.
    """
    treated = wish_ha > 0.0
    rates = np.zeros(len(wish_ha))
    if treated.any():
        if total is None:
            rates[treated] = np.clip(wish_ha[treated], *limits_ha)
        else:
            rates[treated] = share_rates(area_ha[treated], wish_ha[treated], total, limits_ha)
    elif total:
        raise ValueError("a total cannot be shared out where no zone is to get anything")
    return rates, bool(np.any(np.isclose(rates[treated], limits_ha[0]) | np.isclose(rates[treated], limits_ha[1])))


def fastest_m_s(rate_ha: float, swath_m: float, flow_min: float) -> float:
    """Return the speed at which a flow comes to a rate over a swath: v = 10 000 q / (60 R w)."""
    return flow_min * 10_000.0 / (60.0 * rate_ha * swath_m)


def steady_flow(rates_ha: Values, machine: Machine) -> float | None:
    """Return the flow that a machine can hold while its speed makes the rates; None where what it can do is unknown.

    The largest flow, or less, so that it need not fly faster than it may where the rate is smallest.
    """
    if machine.most_flow_min is None or machine.most_speed_m_s is None or not np.any(rates_ha > 0.0):
        return None
    smallest = float(rates_ha[rates_ha > 0.0].min())
    return min(machine.most_flow_min, smallest * machine.swath_m * machine.most_speed_m_s * 60.0 / 10_000.0)


def check_machine(rates_ha: Values, machine: Machine, unit: str) -> CheckResult:
    """Return whether a machine's flow and speeds can make all rates with one steady flow. `unit` "kg" or "L"."""
    flow = steady_flow(rates_ha, machine)
    if flow is None:
        return CheckResult("machine", None, "not known: the implement's largest flow or highest speed is not given")
    largest = float(rates_ha.max())
    slowest = fastest_m_s(largest, machine.swath_m, flow)
    least = machine.least_speed_m_s or 0.0
    told = f"{flow:.2f} {unit}/min make {largest:.1f} {unit}/ha at {slowest:.2f} m/s"
    if slowest < least:
        return CheckResult("machine", False, f"{told}, slower than its lowest {least:g} m/s")
    return CheckResult("machine", True, told)


def cell_areas(labels: Labels, grid: Grid) -> Values:
    """Return the area of each zone [ha]."""
    return np.asarray(np.bincount(labels[labels != NO_ZONE], minlength=1) * grid.cell_ha, np.float64)
