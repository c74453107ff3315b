"""Treatment zones of a prescription: drawn from layers, with rates, areas and checks of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.prescription.interpolation import MOST_POINTS
from headland.agronomy.series.arrays import Mask, Values

Labels = NDArray[np.int64]

#: Share of a field that must be measured for a map of it.
COVERAGE_BAR: Final = 0.9
_AT_ONCE: Final = 1024
#: The label of a cell that belongs to no zone: outside the field or not measured.
NO_ZONE: Final = -1

_ROUNDS: Final = 100
_STARTS: Final = 8


@dataclass(frozen=True, slots=True)
class MachineLimits:
    """Limits of a machine, None where unknown. Flow and rates are in one unit, kg or L."""

    swath_m: float
    most_flow_min: float | None = None
    least_speed_m_s: float | None = None
    most_speed_m_s: float | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One constraint: whether it holds (None: unknown), and a sentence about it."""

    id: str
    holds: bool | None
    detail: str


def thin_points(points_m: Values, value: Values, most: int = MOST_POINTS) -> tuple[Values, Values]:
    """Return at most `most` points: the means of those within squares, as small as possible; few remain unchanged.

    Points at one place are merged. `points_m` (n, 2), `value` (n,).
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
    """Return zones from 0, the lowest of the first layer; `by` is "kmeans" or "quantile" of the first layer alone.

    Zones that vanish by smoothing leave no gap in the numbers. Raises ValueError.
    """
    labels = cluster_zones(np.stack(layers), zones) if by == "kmeans" else quantile_zones(layers[0], zones)
    labels = smooth_zones(labels, rounds=smooth)
    numbers = np.unique(labels[labels != NO_ZONE])
    return np.where(labels == NO_ZONE, NO_ZONE, np.searchsorted(numbers, labels)).astype(np.int64)


def rate_by_index(index: Values, rates_ha: tuple[float, float], *, compensate: bool) -> Values:
    """Return a rate for each zone on a line over its mean index; with `compensate` weak zones get more, else less."""
    least, most = rates_ha
    extent = float(np.ptp(index))
    share = (index - index.min()) / extent if extent > 0.0 else np.full(len(index), 0.5)
    return most - share * (most - least) if compensate else least + share * (most - least)


def settle_rates(
    area_ha: Values, wish_ha: Values, limits_ha: tuple[float, float], total: float | None
) -> tuple[Values, bool]:
    """Return the rates within their limits, adding up to `total` where one is given, and whether limits bind.

    A zone with a wish of 0 gets 0. Raises ValueError where the limits do not allow the total.
    """
    treated = wish_ha > 0.0
    rates = np.zeros(len(wish_ha))
    if treated.any():
        if total is None:
            rates[treated] = np.clip(wish_ha[treated], *limits_ha)
        else:
            rates[treated] = share_rates(area_ha[treated], wish_ha[treated], total, limits_ha)
    elif total:
        raise ValueError("a total cannot be distributed where every zone has a rate of 0")
    return rates, bool(np.any(np.isclose(rates[treated], limits_ha[0]) | np.isclose(rates[treated], limits_ha[1])))


def fastest_m_s(rate_ha: float, swath_m: float, flow_min: float) -> float:
    """Return the speed at which a flow makes a rate over a swath: v = 10 000 q / (60 R w)."""
    return flow_min * 10_000.0 / (60.0 * rate_ha * swath_m)


def steady_flow(rates_ha: Values, machine: MachineLimits) -> float | None:
    """Return the flow that a machine can hold while its speed makes the rates; None where its limits are unknown.

    It is the largest flow, or less where the smallest rate would otherwise need more than the highest speed.
    """
    if machine.most_flow_min is None or machine.most_speed_m_s is None or not np.any(rates_ha > 0.0):
        return None
    smallest = float(rates_ha[rates_ha > 0.0].min())
    return min(machine.most_flow_min, smallest * machine.swath_m * machine.most_speed_m_s * 60.0 / 10_000.0)


def check_machine(rates_ha: Values, machine: MachineLimits, unit: str) -> CheckResult:
    """Return whether a machine's flow and speeds can make all rates with one steady flow. `unit` "kg" or "L"."""
    flow = steady_flow(rates_ha, machine)
    if flow is None:
        return CheckResult("machine", None, "not known: the implement's largest flow or highest speed is not given")
    largest = float(rates_ha.max())
    slowest = fastest_m_s(largest, machine.swath_m, flow)
    least = machine.least_speed_m_s or 0.0
    detail = f"{flow:.2f} {unit}/min make {largest:.1f} {unit}/ha at {slowest:.2f} m/s"
    if slowest < least:
        return CheckResult("machine", False, f"{detail}, slower than its lowest {least:g} m/s")
    return CheckResult("machine", True, detail)


def zone_areas(labels: Labels, usable: Mask, usable_m2: float) -> Values:
    """Return the area of each zone [ha]: cells give the shares of the usable ground, its outline the whole [m2].

    Zones on all `usable` cells add up to the field's usable area, whatever the cells.
    """
    cells = max(int(np.count_nonzero(usable)), 1)
    counts = np.bincount(labels[labels != NO_ZONE], minlength=1)
    return np.asarray(counts * (usable_m2 / cells / 10_000.0), np.float64)


def quantile_zones(index: Values, zones: int) -> Labels:
    """Return zones with equal numbers of cells, 0 the lowest; NaN is no zone. `index` any shape, `zones` from 2."""
    known = np.isfinite(index)
    edges = np.quantile(index[known], np.linspace(0.0, 1.0, zones + 1)[1:-1]) if known.any() else np.empty(0)
    labels = np.full(index.shape, NO_ZONE, np.int64)
    labels[known] = np.searchsorted(edges, index[known], side="right")
    return labels


def cluster_zones(layers: Values, zones: int, *, seed: int = 0) -> Labels:
    """Return k-means zones over standardised layers, ordered by the first layer's mean: 0 is the lowest.

    `layers` (layers, rows, columns), NaN in any is no zone; `zones` 2 to 9. Lloyd (1982) from k-means++ starts
    (Arthur and Vassilvitskii 2007), the best of eight; the same seed gives the same zones. Raises ValueError for
    fewer distinct cells than zones.
    """
    known = np.isfinite(layers).all(axis=0)
    cells = layers[:, known].T
    if len(np.unique(cells, axis=0)) < zones:
        raise ValueError(f"{zones} zones need as many cells that differ")
    spread = cells.std(axis=0)
    scaled = (cells - cells.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    rng = np.random.default_rng(seed)
    cluster = min((_cluster(scaled, zones, rng) for _ in range(_STARTS)), key=lambda run: run[0])[1]
    order = np.argsort([cells[cluster == zone, 0].mean() for zone in range(zones)])
    labels = np.full(known.shape, NO_ZONE, np.int64)
    labels[known] = np.argsort(order)[cluster]
    return labels


def smooth_zones(labels: Labels, *, rounds: int = 1) -> Labels:
    """Return zones without specks: a cell takes the zone of most of its eight neighbours and itself.

    A tie changes nothing; cells of no zone remain so and do not vote.
    """
    for _ in range(rounds):
        zones = [zone for zone in np.unique(labels).tolist() if zone != NO_ZONE]
        if not zones:
            return labels
        votes = np.array([_count_neighbours(labels == zone) for zone in zones])
        own = np.take_along_axis(votes, np.searchsorted(zones, np.maximum(labels, zones[0]))[None], 0)[0]
        leader = np.array(zones)[votes.argmax(axis=0)]
        labels = np.where((labels != NO_ZONE) & (votes.max(axis=0) > own), leader, labels)
    return labels


def share_rates(area_ha: Values, wish_kg_ha: Values, total_kg: float, limits_kg_ha: tuple[float, float]) -> Values:
    """Return rates within the limits, in proportion to the wishes, that add up to `total_kg` over the areas.

    Where limits bind, the other zones take the difference. Raises ValueError with the possible totals where the limits
    do not allow this one.
    """
    least, most = limits_kg_ha
    low_kg, high_kg = float(area_ha.sum() * least), float(area_ha.sum() * most)
    if not low_kg - 1e-9 <= total_kg <= high_kg + 1e-9:
        raise ValueError(
            f"{total_kg:.1f} kg cannot be distributed at {least:g} to {most:g} kg/ha: "
            f"this area takes {low_kg:.1f} to {high_kg:.1f} kg"
        )
    # The total rises continuously with the factor, so bisection finds it.
    wish = np.maximum(wish_kg_ha, 1e-9)
    low, high = 0.0, most / float(wish.min())
    for _ in range(200):
        factor = (low + high) / 2.0
        if float(area_ha @ np.clip(factor * wish, least, most)) < total_kg:
            low = factor
        else:
            high = factor
    return np.asarray(np.clip(high * wish, least, most))


def _cluster(cells: Values, zones: int, rng: np.random.Generator) -> tuple[float, Labels]:
    """Return the summed squared distance of one k-means run, and its labels."""
    centres = cells[rng.integers(len(cells))][None]
    while len(centres) < zones:
        squares = _squares(cells, centres).min(axis=1)
        centres = np.concatenate((centres, cells[rng.choice(len(cells), p=squares / squares.sum())][None]))
    labels = np.full(len(cells), -1)
    for _ in range(_ROUNDS):
        nearest = _squares(cells, centres).argmin(axis=1)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        for zone in range(zones):
            if np.any(labels == zone):
                centres[zone] = cells[labels == zone].mean(axis=0)
    if len(np.unique(labels)) < zones:
        return np.inf, labels
    return float(_squares(cells, centres).min(axis=1).sum()), labels


def _squares(cells: Values, centres: Values) -> Values:
    return np.stack([((cells - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def _count_neighbours(mask: Mask) -> Labels:
    """Return the number of cells in the mask among the nine around and including each."""
    padded = np.pad(mask.astype(np.int64), 1)
    rows, columns = mask.shape
    return np.asarray(
        sum(padded[down : down + rows, right : right + columns] for down in range(3) for right in range(3))
    )
