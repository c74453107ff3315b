"""Response of yield to nitrogen: quadratic up to a plateau, and the rate of largest profit with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.trials.students_t import t_quantile

RESPONSE: Final = Method(
    "nitrogen_response",
    1,
    "y = P + c (min(N, N0) - N0)^2 by least squares (quadratic-plateau, Cerrato and Blackmer 1990); the optimum where "
    "a kilogram of nitrogen costs what it brings, its interval by profile likelihood",
)
_STEPS: Final = 200
_NARROWINGS: Final = 5
_DISTANCES: Final = 150


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
    reason: str | None = None

    def yield_at(self, n_kg_ha: float) -> float:
        """Return the yield at a rate [t/ha]."""
        short = min(n_kg_ha, self.plateau_n_kg_ha) - self.plateau_n_kg_ha
        return self.plateau_t_ha + self.curvature * short * short


def fit_response(
    n_kg_ha: Values, yield_t_ha: Values, nitrogen_price_kg: float, grain_price_t: float, level: float = 0.95
) -> NitrogenResponse:
    """Return the response fitted to rates and yields; prices are per kg of nitrogen and per t of grain.

    Raises ValueError for fewer than five plots or three rates, and for prices that are not positive.
    """
    rate, y = np.asarray(n_kg_ha, np.float64), np.asarray(yield_t_ha, np.float64)
    if len(rate) < 5 or len(np.unique(rate)) < 3 or not (np.isfinite(rate).all() and np.isfinite(y).all()):
        raise ValueError("a response needs five plots and three rates")
    if nitrogen_price_kg <= 0.0 or grain_price_t <= 0.0:
        raise ValueError("prices are positive")
    slope = nitrogen_price_kg / grain_price_t
    low, high = float(rate.min()), float(rate.max())
    # A plateau beyond the tested rates is a parabola that still rises: seen, not trusted.
    left, right = low + 0.02 * (high - low), low + 3.0 * (high - low)
    for _ in range(_NARROWINGS):
        tried = np.linspace(left, right, _STEPS)
        squares = _fit(rate, y, tried)[2]
        at = int(np.argmin(squares))
        left, right = float(tried[max(at - 1, 0)]), float(tried[min(at + 1, _STEPS - 1)])
    plateau_n = (left + right) / 2.0
    plateau, curvature, least = (float(part[0]) for part in _fit(rate, y, np.array([plateau_n])))
    df = len(y) - 3
    sd = float(np.sqrt(least / df))
    flat = float(((y - y.mean()) ** 2).sum())
    if curvature >= 0.0 or least >= flat:
        sd = float(np.sqrt(flat / (len(y) - 1)))
        return NitrogenResponse(float(y.mean()), low, 0.0, sd, low, low, low, len(y), "no_response")
    optimum = float(np.clip(plateau_n + slope / (2.0 * curvature), low, high))
    limit = least * (1.0 + t_quantile(level, df) ** 2 / df)
    optima = np.linspace(low, high, _STEPS)
    possible = optima[_profile(rate, y, optima, slope) <= limit]
    step = (high - low) / (_STEPS - 1)
    bottom = max(low, min([optimum, *(possible - step)]))
    top = min(high, max([optimum, *(possible + step)]))
    reason = "beyond_rates" if plateau_n > high else None
    return NitrogenResponse(plateau, plateau_n, curvature, sd, optimum, bottom, top, len(y), reason)


def _fit(rate: Values, y: Values, plateau_n: Values) -> tuple[Values, Values, Values]:
    """Return plateau, curvature and sum of squares for each rate at which a plateau may begin."""
    short = (np.minimum(rate, plateau_n[:, None]) - plateau_n[:, None]) ** 2
    centred = short - short.mean(axis=1, keepdims=True)
    spread = (centred**2).sum(axis=1)
    curvature = np.minimum(np.divide(centred @ y, spread, out=np.zeros_like(spread), where=spread > 0.0), 0.0)
    plateau = y.mean() - curvature * short.mean(axis=1)
    return plateau, curvature, ((y - plateau[:, None] - curvature[:, None] * short) ** 2).sum(axis=1)


def _profile(rate: Values, y: Values, optima: Values, slope: float) -> Values:
    """Return the least sum of squares of the responses whose optimum is at each of some rates.

    The optimum is where the slope 2 c (N - N0) is the ratio of the prices: N0 = N - slope / (2 c).
    """
    least = np.full(len(optima), np.inf)
    for distance in np.geomspace(1e-3, 3.0, _DISTANCES) * (rate.max() - rate.min()):
        plateau_n = (optima + distance)[:, None]
        drop = -slope / (2.0 * distance) * (np.minimum(rate, plateau_n) - plateau_n) ** 2
        plateau = (y - drop).mean(axis=1, keepdims=True)
        least = np.minimum(least, ((y - plateau - drop) ** 2).sum(axis=1))
    return least
