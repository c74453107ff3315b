"""Block kriging of yield to square cells: the mean of each cell from the nearest samples, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.prescription.interpolation import Variogram, fit_variogram, is_constant
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values

BLOCK_KRIGING: Final = Method(
    "block_kriging_local",
    2,
    "ordinary block kriging by the nearest 40 kept samples within a reach that holds 120 on average, at least 8; an "
    "exponential variogram fitted to at most 1,000 samples, evenly taken, up to 60 m; a cell is the mean of 4 by 4 "
    "places in it; the nugget counts as variation that a cell's mean averages out (Cressie 1993, sections 3.2 and "
    "3.2.2; Journel and Huijbregts 1978); nugget and sill are multiplied by one factor, so that 1.645 standard errors "
    "hold 90 % of samples that are left out by fifths at random and estimated by a variogram of the others "
    "(cross-validation, Cressie 1993, section 2.6.4, not re-read)",
)
NEAREST: Final = 40
LEAST: Final = 8
_WITHIN_REACH: Final = 3.0
_FOR_VARIOGRAM: Final = 1000
#: Distance up to which the variogram is fitted: cells have their samples nearer than this [m].
_VARIOGRAM_M: Final = 60.0
_AT_ONCE: Final = 512
#: Samples are left out in so many parts at random, the same ones each time, and at most so many are estimated.
_PARTS: Final = 5
_SEED: Final = 0
_MOST_LEFT_OUT: Final = 1500
#: Share of them that so many standard errors hold.
_BAND: Final = 0.9
_BAND_Z: Final = 1.6448536
#: Fewer say too little of such a share.
_LEAST_LEFT_OUT: Final = 20
#: Places at one spot would make two equal rows: a nugget is at least this share of the sill.
_LEAST_NUGGET: Final = 1e-9
#: Mean distance of two random places in a square of side 1: (2 + sqrt(2) + 5 asinh(1)) / 15.
_MEAN_IN_SQUARE: Final = 0.521405


@dataclass(frozen=True, slots=True)
class BlockEstimate:
    """The mean of each block and its standard error, in the value's unit, NaN without enough samples near it."""

    value: Values
    error: Values


def fit_yield_variogram(points_m: Values, value: Values) -> Variogram:
    """Return the exponential variogram of samples (n, 2) up to 60 m, by 1,000 of them at most; n from 10.

    Nugget and sill are multiplied by one factor, which changes no estimate and each standard error: such that 1.645 of
    them hold 90 % of samples that are left out, a fifth at a time and drawn at random, and are estimated by a variogram
    and by neighbours of the others. It is rounded up by one sample, as for any exchangeable one (Vovk 2015,
    "Cross-conformal predictors", Ann. Math. Artif. Intell. 74, 9-28; not re-read), and 1 by fewer than 20 samples.
    """
    fitted = _fit(points_m, value)
    off = np.sort(_left_out(points_m, value))
    if len(off) < _LEAST_LEFT_OUT:
        return fitted
    at = min(int(np.ceil((len(off) + 1) * _BAND)), len(off)) - 1
    factor = (float(off[at]) / _BAND_Z) ** 2
    return Variogram(fitted.nugget * factor, fitted.sill * factor, fitted.range_m)


def _fit(points_m: Values, value: Values) -> Variogram:
    every = max(1, -(-len(value) // _FOR_VARIOGRAM))
    return fit_variogram(points_m[::every], value[::every], most_m=_VARIOGRAM_M)


def _left_out(points_m: Values, value: Values) -> Values:
    """Return how far samples that were left out are from their estimates, in standard errors of these."""
    if len(value) < 2 * _LEAST_LEFT_OUT or is_constant(value):
        return np.zeros(0)
    reach_m = reach_of(len(value), float(shapely.MultiPoint(points_m).convex_hull.area))
    part = np.random.default_rng(_SEED).permutation(len(value)) % _PARTS
    step = max(1, -(-len(value) // _MOST_LEFT_OUT))
    off: list[Values] = []
    for number in range(_PARTS):
        known, asked = part != number, np.flatnonzero(part == number)[::step]
        model = _fit(points_m[known], value[known])
        found = krige_blocks(points_m[known], value[known], points_m[asked], model, side_m=0.0, reach_m=reach_m)
        is_found = np.isfinite(found.value) & (found.error > 0.0)
        off.append(np.abs(value[asked] - found.value)[is_found] / found.error[is_found])
    return np.concatenate(off)


def reach_of(samples: int, area_m2: float) -> float:
    """Return the distance [m] within which there are three times as many samples as are used, on average."""
    return float(np.sqrt(_WITHIN_REACH * NEAREST * max(area_m2, 1.0) / (np.pi * max(samples, 1))))


def krige_blocks(
    points_m: Values,
    value: Values,
    at_m: Values,
    variogram: Variogram,
    *,
    side_m: float,
    reach_m: float,
    nearest: int = NEAREST,
    places: int = 4,
) -> BlockEstimate:
    """Return the means of square blocks around the middles `at_m` (k, 2), by the nearest samples within a reach.

    `points_m` is (n, 2). A side of 0 m makes it the estimate at a point. Blocks with fewer than 8 samples within reach,
    or than `nearest` where that is less, have none.
    """
    mean, error = np.full(len(at_m), np.nan), np.full(len(at_m), np.nan)
    if not len(value) or not len(at_m):
        return BlockEstimate(mean, error)
    if not (variogram.sill > 0.0 or variogram.nugget > 0.0):
        variogram = Variogram(1.0, 0.0, variogram.range_m)
    tree = shapely.STRtree(shapely.points(points_m))
    offsets = _places(side_m, places)
    within = _within_block(offsets, side_m, variogram)
    for start in range(0, len(at_m), _AT_ONCE):
        middles = at_m[start : start + _AT_ONCE]
        rows, is_near = _nearest(tree, points_m, middles, reach_m, nearest)
        enough = np.flatnonzero(is_near.sum(axis=1) >= min(LEAST, nearest))
        if len(enough):
            found = _solve(points_m, value, middles[enough], rows[enough], is_near[enough], variogram, offsets, within)
            mean[start + enough], error[start + enough] = found
    return BlockEstimate(mean, error)


def _places(side_m: float, places: int) -> Values:
    if side_m <= 0.0:
        return np.zeros((1, 2))
    steps = ((np.arange(places) + 0.5) / places - 0.5) * side_m
    east, north = np.meshgrid(steps, steps)
    return np.column_stack((east.ravel(), north.ravel()))


def _within_block(offsets: Values, side_m: float, variogram: Variogram) -> float:
    """Return the mean semivariance within a block; all of the nugget, because it varies from place to place.

    A place stands for its part of the block, so it is as far from itself as two random places of a square are apart.
    """
    if len(offsets) == 1:
        return 0.0
    distance_m = np.hypot(*(offsets[:, None, :] - offsets[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(distance_m, _MEAN_IN_SQUARE * side_m / np.sqrt(len(offsets)))
    rise = 1.0 - np.exp(-3.0 * distance_m / variogram.range_m)
    return float(variogram.nugget + variogram.sill * rise.mean())


def _nearest(
    tree: shapely.STRtree, points_m: Values, middles: Values, reach_m: float, nearest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the numbers of the nearest samples of each middle (k, nearest), and which of them there are."""
    one, other = tree.query(shapely.points(middles), predicate="dwithin", distance=reach_m)
    distance_m = np.hypot(*(points_m[other] - middles[one]).T)
    order = np.lexsort((other, distance_m, one))
    one, other = one[order], other[order]
    counts = np.bincount(one, minlength=len(middles))
    rank = np.arange(len(one)) - (np.cumsum(counts) - counts)[one]
    taken = rank < nearest
    rows = np.zeros((len(middles), nearest), np.int64)
    is_near = np.zeros((len(middles), nearest), np.bool_)
    rows[one[taken], rank[taken]] = other[taken]
    is_near[one[taken], rank[taken]] = True
    return rows, is_near


def _solve(
    points_m: Values,
    value: Values,
    middles: Values,
    rows: NDArray[np.int64],
    is_near: NDArray[np.bool_],
    variogram: Variogram,
    offsets: Values,
    within: float,
) -> tuple[Values, Values]:
    """Return mean and standard error of blocks by their systems; a sample that is not there has the weight 0."""
    blocks, k = rows.shape
    places = points_m[rows] - middles[:, None, :]
    nugget = max(variogram.nugget, _LEAST_NUGGET * variogram.sill)

    def rise(distance_m: Values) -> Values:
        return np.asarray(nugget + variogram.sill * (1.0 - np.exp(-3.0 * distance_m / variogram.range_m)))

    between = places[:, :, None, :] - places[:, None, :, :]
    system = np.zeros((blocks, k + 1, k + 1))
    gamma = rise(np.hypot(between[..., 0], between[..., 1]))
    both = is_near[:, :, None] & is_near[:, None, :]
    system[:, :k, :k] = np.where(both, gamma, 0.0)
    diagonal = np.arange(k)
    system[:, diagonal, diagonal] = np.where(is_near, 0.0, 1.0)
    system[:, :k, k] = system[:, k, :k] = is_near
    to_block = places[:, :, None, :] - offsets[None, None, :, :]
    distance_m = np.hypot(to_block[..., 0], to_block[..., 1])
    right = np.zeros((blocks, k + 1))
    right[:, :k] = np.where(is_near, np.where(distance_m > 0.0, rise(distance_m), 0.0).mean(axis=2), 0.0)
    right[:, k] = 1.0
    weights = np.linalg.solve(system, right[..., None])[..., 0]
    mean = np.sum(weights[:, :k] * value[rows], axis=1)
    variance = np.sum(weights * right, axis=1) - within
    return mean, np.sqrt(np.maximum(variance, 0.0))
