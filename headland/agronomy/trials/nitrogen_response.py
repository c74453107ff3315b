"""Response of yield to nitrogen: quadratic up to a plateau, and the rate of largest profit with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.students_t import t_quantile

RESPONSE: Final = Method(
    "nitrogen_response",
    2,
    "y = P + c (min(N, N0) - N0)^2 + blocks by least squares (quadratic-plateau, Cerrato and Blackmer 1990), blocks or "
    "main plots fixed, places along a strip averaged first; the optimum where a kilogram of nitrogen costs what it "
    "brings, its interval by profile likelihood",
)
_STEPS: Final = 200
_NARROWINGS: Final = 5
_DISTANCES: Final = 150
#: Plots in runs of one rate of this length, and so many neighbours in runs, are looked at for what neighbours share.
_LEAST_RUN: Final = 5
_LEAST_NEIGHBOURS: Final = 20
_LEAST_CORRELATION: Final = 0.2


class PixelsError(ValueError):
    """Neighbours of one rate share their errors: they are places of a strip, and no plots of their own."""


@dataclass(frozen=True, slots=True)
class NitrogenResponse:
    """A fitted response: yields [t/ha], nitrogen [kg/ha].

    `yield at N` is `plateau_t_ha + curvature (min(N, plateau_n_kg_ha) - plateau_n_kg_ha)^2`. `optimum_low_kg_ha` and
    `optimum_high_kg_ha` are its interval; one at the end of the tested rates is open there. `reason` is
    `no_response` where nitrogen does not raise the yield, `beyond_rates` where the plateau is above the tested ones.
    """

    plateau_t_ha: float
    plateau_n_kg_ha: float
    curvature: float
    residual_sd_t_ha: float
    optimum_kg_ha: float
    optimum_low_kg_ha: float
    optimum_high_kg_ha: float
    n: int
    df: int
    reason: str | None = None

    def yield_at(self, n_kg_ha: float) -> float:
        """Return the yield at a rate [t/ha]."""
        short = min(n_kg_ha, self.plateau_n_kg_ha) - self.plateau_n_kg_ha
        return self.plateau_t_ha + self.curvature * short * short


def fit_response(
    n_kg_ha: Values,
    yield_t_ha: Values,
    nitrogen_price_kg: float,
    grain_price_t: float,
    level: float = 0.95,
    *,
    block: Sequence[str] | None = None,
) -> NitrogenResponse:
    """Return the response fitted to rates and yields of plots; prices are per kg of nitrogen and per t of grain.

    `block` has the block of each plot, or its main plot: what differs between them is no error of the response. Raises
    PixelsError for places along strips in the order of the rows, and ValueError where the blocks leave fewer than two
    degrees of freedom, for fewer than five plots or three rates, and for prices that are not positive.
    """
    rate, y = np.asarray(n_kg_ha, np.float64), np.asarray(yield_t_ha, np.float64)
    if len(rate) < 5 or len(np.unique(rate)) < 3 or not (np.isfinite(rate).all() and np.isfinite(y).all()):
        raise ValueError("a response needs five plots and three rates")
    if nitrogen_price_kg <= 0.0 or grain_price_t <= 0.0:
        raise ValueError("prices are positive")
    _, member = np.unique([""] * len(y) if block is None else list(block), return_inverse=True)
    within = _Within(member)
    df = len(y) - within.count - 2
    if df < 2:
        raise ValueError("the blocks leave too little to compare: give each block several rates")
    if _share_errors(rate, within(y)):
        raise PixelsError("neighbours of one rate share their errors: average the places of each strip")
    slope = nitrogen_price_kg / grain_price_t
    low, high = float(rate.min()), float(rate.max())
    # A plateau beyond the tested rates is a parabola that still rises: seen, not trusted.
    left, right = low + 0.02 * (high - low), low + 3.0 * (high - low)
    for _ in range(_NARROWINGS):
        tried = np.linspace(left, right, _STEPS)
        squares = _fit(rate, y, tried, within)[1]
        at = int(np.argmin(squares))
        left, right = float(tried[max(at - 1, 0)]), float(tried[min(at + 1, _STEPS - 1)])
    plateau_n = (left + right) / 2.0
    curvature, least = (float(part[0]) for part in _fit(rate, y, np.array([plateau_n]), within))
    flat = float((within(y) ** 2).sum())
    is_flat = curvature >= 0.0 or least >= flat
    squares_left, optimum = (flat, low) if is_flat else (least, plateau_n + slope / (2.0 * curvature))
    optimum = float(np.clip(optimum, low, high))
    limit = squares_left * (1.0 + t_quantile(level, df) ** 2 / df)
    optima = np.linspace(low, high, _STEPS)
    possible = optima[_profile(rate, y, optima, slope, within) <= limit]
    step = (high - low) / (_STEPS - 1)
    bottom = max(low, min([optimum, *(possible - step)]))
    top = min(high, max([optimum, *(possible + step)]))
    if is_flat:
        sd = float(np.sqrt(flat / (df + 1)))
        return NitrogenResponse(float(y.mean()), low, 0.0, sd, low, low, top, len(y), df, "no_response")
    short = (np.minimum(rate, plateau_n) - plateau_n) ** 2
    plateau = float(y.mean() - curvature * short.mean())
    reason = "beyond_rates" if plateau_n > high else None
    sd = float(np.sqrt(least / df))
    return NitrogenResponse(plateau, plateau_n, curvature, sd, optimum, bottom, top, len(y), df, reason)


class _Within:
    """Takes the mean of its block off each plot; values are (..., plots)."""

    def __init__(self, member: NDArray[np.int64]) -> None:
        self.count = int(member.max()) + 1
        self._member = member
        self._mean = np.zeros((len(member), self.count))
        self._mean[np.arange(len(member)), member] = 1.0
        self._mean /= self._mean.sum(axis=0)

    def __call__(self, values: Values) -> Values:
        return np.asarray(values - (values @ self._mean)[..., self._member])


def _fit(rate: Values, y: Values, plateau_n: Values, within: _Within) -> tuple[Values, Values]:
    """Return curvature and sum of squares for each rate at which a plateau may begin."""
    centred = within((np.minimum(rate, plateau_n[:, None]) - plateau_n[:, None]) ** 2)
    spread = (centred**2).sum(axis=1)
    own = within(y)
    curvature = np.minimum(np.divide(centred @ own, spread, out=np.zeros_like(spread), where=spread > 0.0), 0.0)
    return curvature, ((own - curvature[:, None] * centred) ** 2).sum(axis=1)


def _profile(rate: Values, y: Values, optima: Values, slope: float, within: _Within) -> Values:
    """Return the least sum of squares of the responses whose optimum is at each of some rates.

    The optimum is where the slope 2 c (N - N0) is the ratio of the prices: N0 = N - slope / (2 c).
    """
    least = np.full(len(optima), np.inf)
    own = within(y)
    for distance in np.geomspace(1e-3, 3.0, _DISTANCES) * (rate.max() - rate.min()):
        plateau_n = (optima + distance)[:, None]
        drop = -slope / (2.0 * distance) * (np.minimum(rate, plateau_n) - plateau_n) ** 2
        least = np.minimum(least, ((own - within(drop)) ** 2).sum(axis=1))
    return least


def _share_errors(rate: Values, y: Values) -> bool:
    """Return whether neighbours in runs of one rate are more alike than plots are: places of a strip, row by row.

    The mean of a rate and that of a place in the runs are taken off, so that blocks in one order do not count.
    """
    starts = np.flatnonzero(np.diff(rate, prepend=np.nan) != 0.0)
    run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(rate)))
    place = np.arange(len(rate)) - starts[run]
    is_next = place[1:] > 0
    if len(rate) < _LEAST_RUN * len(starts) or np.count_nonzero(is_next) < _LEAST_NEIGHBOURS:
        return False
    rest = y.copy()
    for labels in (np.unique(rate, return_inverse=True)[1], place):
        counts = np.bincount(labels)
        rest = rest - (np.bincount(labels, rest) / np.maximum(counts, 1))[labels]
    before, after = rest[:-1][is_next], rest[1:][is_next]
    size = float(np.sqrt((before**2).sum() * (after**2).sum()))
    if size <= 1e-12 * max(float((y**2).sum()), 1e-300):
        return False
    least = max(_LEAST_CORRELATION, 3.5 / float(np.sqrt(np.count_nonzero(is_next))))
    return float((before * after).sum()) / size > least
