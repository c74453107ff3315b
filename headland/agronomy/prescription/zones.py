"""Management zones: parts of a field alike in what was measured of them, and the rates they get."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Mask, Values

Labels = NDArray[np.int64]

#: The label of a cell that belongs to no zone: outside the field or not measured.
NO_ZONE: Final = -1

_ROUNDS: Final = 100
_STARTS: Final = 8


def quantile_zones(index: Values, zones: int) -> Labels:
    """Return zones of equal numbers of cells, 0 the lowest; NaN is no zone. `index` any shape, `zones` from 2."""
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
    found = min((_cluster(scaled, zones, rng) for _ in range(_STARTS)), key=lambda each: each[0])[1]
    order = np.argsort([cells[found == zone, 0].mean() for zone in range(zones)])
    labels = np.full(known.shape, NO_ZONE, np.int64)
    labels[known] = np.argsort(order)[found]
    return labels


def smooth_zones(labels: Labels, *, rounds: int = 1) -> Labels:
    """Return zones without specks: a cell takes the zone that most of its eight neighbours and itself have.

    A tie leaves it as it is; cells of no zone stay so and do not vote.
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
    """Return rates within the limits, in proportion to the wishes, that come to `total_kg` over the areas.

    Where limits bind, the others take up the difference. Raises ValueError where even all at one limit do not come to
    the total, with what would.
    """
    least, most = limits_kg_ha
    low_kg, high_kg = float(area_ha.sum() * least), float(area_ha.sum() * most)
    if not low_kg - 1e-9 <= total_kg <= high_kg + 1e-9:
        raise ValueError(
            f"{total_kg:.1f} kg cannot be shared out at {least:g} to {most:g} kg/ha: "
            f"this area takes {low_kg:.1f} to {high_kg:.1f} kg"
        )
    # The total rises with the factor, without a step: halving finds it.
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
    """Return how many of the nine cells around each, itself too, are in the mask."""
    padded = np.pad(mask.astype(np.int64), 1)
    rows, columns = mask.shape
    return np.asarray(
        sum(padded[down : down + rows, right : right + columns] for down in range(3) for right in range(3))
    )
