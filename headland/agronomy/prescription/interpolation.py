"""Interpolation between points by inverse distance and ordinary kriging, in metres of a local plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.series.arrays import Values

#: Most points of a kriging system; more take minutes and change nothing, because the nearest points screen the rest.
MOST_POINTS: Final = 2000
#: Places that are estimated at once, so that the distances need little memory.
_AT_ONCE: Final = 4096
_HERE_M: Final = 1e-9
#: Values that differ by less than this share of themselves are equal.
_EQUAL: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Variogram:
    """The exponential model: nugget + sill (1 - exp(-3 h / range)); `range_m` is where 95 % of the sill is reached."""

    nugget: Annotated[float, "Nugget."]
    sill: Annotated[float, "Sill without the nugget."]
    range_m: Annotated[float, "Distance at which 95 % of the sill is reached."]

    def __call__(self, distance_m: Values) -> Values:
        """Return the semivariance at distances >= 0; 0 at a distance of 0."""
        far = self.nugget + self.sill * (1.0 - np.exp(-3.0 * distance_m / self.range_m))
        return np.where(distance_m > _HERE_M, far, 0.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Values at places, and their kriging variances in the square of the value's unit."""

    value: Values
    variance: Values


def idw(points_m: Values, value: Values, at_m: Values, *, power: float = 2.0) -> Values:
    """Return the mean at each place weighted by distance to the minus `power`; a place on a point has its value.

    `points_m` (n, 2) and `at_m` (k, 2) east and north; Shepard (1968), all points. Raises ValueError without a point.
    """
    _check(points_m, value)
    estimate = np.empty(len(at_m))
    for start in range(0, len(at_m), _AT_ONCE):
        part = at_m[start : start + _AT_ONCE]
        distance_m = np.maximum(_distances(part, points_m), _HERE_M)
        weight = distance_m**-power
        estimate[start : start + _AT_ONCE] = weight @ value / weight.sum(axis=1)
        nearest = distance_m.argmin(axis=1)
        here = distance_m[np.arange(len(part)), nearest] <= _HERE_M
        estimate[start : start + _AT_ONCE][here] = value[nearest[here]]
    return estimate


def krige(points_m: Values, value: Values, at_m: Values, variogram: Variogram) -> Estimate:
    """Return the ordinary kriging estimate and variance at each place; Cressie (1993), section 3.2.

    `points_m` (n, 2), distinct, n from 3 to `MOST_POINTS`; `at_m` (k, 2). The nugget counts as variation of the
    ground, so the estimate on a point is its value. Where all values are equal that is the estimate, with a variance of
    0: nothing varies. Raises ValueError for too few or too many points, and for points that are not distinct.
    """
    _check(points_m, value)
    n = len(value)
    if not 3 <= n <= MOST_POINTS:
        raise ValueError(f"kriging takes 3 to {MOST_POINTS} points, not {n}: thin them or use inverse distance")
    if len(np.unique(points_m, axis=0)) < n:
        raise ValueError("kriging takes distinct points: two of these are at one place")
    if is_constant(value):
        return Estimate(np.full(len(at_m), float(value[0])), np.zeros(len(at_m)))
    if not (variogram.sill > 0.0 or variogram.nugget > 0.0):
        raise ValueError("kriging takes a variogram with a sill or a nugget above 0: these values vary")
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = variogram(_distances(points_m, points_m))
    system[n, n] = 0.0
    inverse = np.linalg.inv(system)
    estimates, variances = np.empty(len(at_m)), np.empty(len(at_m))
    for start in range(0, len(at_m), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        right = np.ones((len(at_m[part]), n + 1))
        right[:, :n] = variogram(_distances(at_m[part], points_m))
        weights = right @ inverse
        estimates[part] = weights[:, :n] @ value
        variances[part] = np.maximum(np.einsum("ij,ij->i", weights, right), 0.0)
    return Estimate(estimates, variances)


def fit_variogram(points_m: Values, value: Values, *, lags: int = 12, most_m: float = np.inf) -> Variogram:
    """Return the exponential model nearest to the points' own semivariances, up to half of their extent or `most_m`.

    Least squares over a grid of ranges, each lag weighted by its pairs over its squared model (Cressie 1985), nugget
    and sill >= 0; both 0 for values that are all equal. Raises ValueError for fewer than 10 points, and where no
    distance has five pairs.
    """
    _check(points_m, value)
    if len(value) < 10:
        raise ValueError("a variogram needs 10 points or more")
    if is_constant(value):
        return Variogram(0.0, 0.0, max(float(np.ptp(points_m, axis=0).max()), 1.0))
    first, second = np.triu_indices(len(value), k=1)
    distance_m = np.hypot(*(points_m[first] - points_m[second]).T)
    halves = (value[first] - value[second]) ** 2 / 2.0
    reach_m = min(float(distance_m.max()) / 2.0, most_m)
    near = distance_m < reach_m * (1.0 + 1e-12)
    distance_m, halves = distance_m[near], halves[near]
    edges_m = np.linspace(0.0, reach_m, lags + 1)
    lag = np.digitize(distance_m, edges_m) - 1
    known = [number for number in range(lags) if np.count_nonzero(lag == number) >= 5]
    if not known:
        raise ValueError("no distance has five pairs of points: measure more points or use inverse distance")
    middle_m = np.array([distance_m[lag == number].mean() for number in known])
    gamma = np.array([halves[lag == number].mean() for number in known])
    pairs = np.array([np.count_nonzero(lag == number) for number in known], np.float64)
    fits = [_fit_sills(middle_m, gamma, pairs, range_m) for range_m in np.linspace(reach_m / 10, 2 * reach_m, 60)]
    return min(fits, key=lambda fit: fit[0])[1]


def is_constant(value: Values) -> bool:
    """Return whether values are all equal, up to rounding."""
    return bool(np.ptp(value) <= _EQUAL * max(float(np.abs(value).max()), 1e-300))


def _fit_sills(middle_m: Values, gamma: Values, pairs: Values, range_m: float) -> tuple[float, Variogram]:
    rise = 1.0 - np.exp(-3.0 * middle_m / range_m)
    weight = pairs / np.maximum(gamma, gamma.mean() * 0.01) ** 2
    best = (np.inf, Variogram(float(gamma.mean()), 0.0, range_m))
    for columns in ((np.ones_like(rise), rise), (np.zeros_like(rise), rise), (np.ones_like(rise), np.zeros_like(rise))):
        design = np.column_stack(columns) * np.sqrt(weight)[:, None]
        nugget, sill = np.linalg.lstsq(design, gamma * np.sqrt(weight), rcond=None)[0]
        if nugget >= 0.0 and sill >= 0.0:
            error = float(np.sum(weight * (nugget + sill * rise - gamma) ** 2))
            best = min(best, (error, Variogram(float(nugget), float(sill), float(range_m))), key=lambda fit: fit[0])
    return best


def _distances(one_m: Values, other_m: Values) -> Values:
    east, north = (one_m[:, axis, None] - other_m[None, :, axis] for axis in (0, 1))
    return np.asarray(np.hypot(east, north))


def _check(points_m: Values, value: Values) -> None:
    if len(points_m) == 0 or len(points_m) != len(value):
        raise ValueError("an interpolation needs points, and a value for each")
    if not (np.isfinite(points_m).all() and np.isfinite(value).all()):
        raise ValueError("an interpolation's points and values are numbers: leave the missing ones out")
