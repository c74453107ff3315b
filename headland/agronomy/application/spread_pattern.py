"""Lateral spread patterns: their overlap at a swath, and the widest swath within a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values, require

#: The largest coefficient of variation that a swath may have: on the ground by ISO 5690-1 and EN 13739 practice, from
#: the air by ASABE S386 and ASTM E642 [%].
GROUND_CV_PCT: Final = 15.0
AERIAL_CV_PCT: Final = 25.0

_STEPS: Final = 4000
_GAUSS_REACH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """A lateral pattern: density [1/m] at `offset_m`, metres to the right of the track, linear between, 0 outside.

    `offset_m` rises strictly; the integral of the density is 1, so a pattern conserves mass.
    """

    offset_m: Values
    density_1_m: Values

    @property
    def reach_m(self) -> float:
        """The largest distance from the track at which product lands [m]."""
        return float(np.abs(self.offset_m).max())

    @property
    def share_left(self) -> float:
        """The share of the mass that lands left of the track."""
        return float(self._cumulative(np.zeros(1))[0])

    def mirrored(self) -> Pattern:
        """Return the pattern of the opposite direction."""
        return Pattern(-self.offset_m[::-1], self.density_1_m[::-1])

    def shares(self, edge_m: Values) -> Values:
        """Return the share of the mass between neighbouring edges, exact for the pattern; `edge_m` rises."""
        return np.diff(self._cumulative(edge_m))

    def _cumulative(self, at_m: Values) -> Values:
        """Return the share of the mass left of each offset."""
        widths = np.diff(self.offset_m)
        sums = np.concatenate(([0.0], np.cumsum(widths * (self.density_1_m[1:] + self.density_1_m[:-1]) / 2)))
        inside = np.clip(at_m, self.offset_m[0], self.offset_m[-1])
        before = np.clip(np.searchsorted(self.offset_m, inside, side="right") - 1, 0, len(widths) - 1)
        into = inside - self.offset_m[before]
        slope = (self.density_1_m[before + 1] - self.density_1_m[before]) / widths[before]
        cumulative: Values = sums[before] + into * (self.density_1_m[before] + into * slope / 2)
        return cumulative


def make_pattern(offset_m: Values, weight: Values) -> Pattern:
    """Return the pattern of weights >= 0 measured at rising offsets, such as trays across the track; any unit.

    Raises ValueError for fewer than two offsets, offsets that do not rise, negative weights, or no weight at all.
    """
    offset, density = np.asarray(offset_m, np.float64), np.asarray(weight, np.float64)
    if len(offset) < 2 or len(offset) != len(density) or np.any(np.diff(offset) <= 0.0):
        raise ValueError("a pattern needs two or more offsets that rise, and a weight for each")
    if not np.all(np.isfinite(density)) or np.any(density < 0.0):
        raise ValueError("a pattern's weights are numbers from 0")
    total = float(np.sum(np.diff(offset) * (density[1:] + density[:-1]) / 2))
    if total <= 0.0:
        raise ValueError("a pattern needs a weight above 0 somewhere")
    return Pattern(offset, density / total)


def rectangle(half_m: float) -> Pattern:
    """Return the pattern that is even up to `half_m` [m, > 0] and nothing beyond."""
    return make_pattern(np.array([-half_m, half_m]), np.ones(2))


def triangle(half_m: float) -> Pattern:
    """Return the pattern that falls evenly from the track to nothing at `half_m` [m, > 0]: flat at a swath of that."""
    return make_pattern(np.array([-half_m, 0.0, half_m]), np.array([0.0, 1.0, 0.0]))


def trapezoid(top_m: float, half_m: float) -> Pattern:
    """Return the pattern even up to `top_m` and falling to nothing at `half_m` [m, 0 < top < half]."""
    return make_pattern(np.array([-half_m, -top_m, top_m, half_m]), np.array([0.0, 1.0, 1.0, 0.0]))


def gaussian(sigma_m: float) -> Pattern:
    """Return the normal pattern of standard deviation `sigma_m` [m, > 0], cut at five of them (6e-7 of the mass)."""
    offset = np.linspace(-_GAUSS_REACH, _GAUSS_REACH, 401)
    return make_pattern(offset * sigma_m, np.exp(-(offset**2) / 2))


def overlap_cv_pct(pattern: Pattern, swath_m: float, *, back_and_forth: bool = False) -> float:
    """Return the coefficient of variation [%] of the rate across tracks `swath_m` [m, > 0] apart.

    In population form over all of the ground. All tracks have one direction, or every second one is mirrored. An even
    rate gives 0; the figure by trays with n - 1 is larger by half a part in n.
    """
    require("swath_m", swath_m, above=0.0)
    edges_m = np.linspace(0.0, 2.0 * swath_m, _STEPS + 1)
    tracks = int(np.ceil(pattern.reach_m / swath_m)) + 2
    back = pattern.mirrored() if back_and_forth else pattern
    rate = np.zeros(_STEPS)
    for number in range(-tracks, tracks + 1):
        rate += (back if number % 2 else pattern).shares(edges_m - number * swath_m)
    return float(100.0 * rate.std() / rate.mean())


def effective_swath_m(
    pattern: Pattern, most_cv_pct: float = AERIAL_CV_PCT, *, back_and_forth: bool = False, step_m: float = 0.1
) -> float | None:
    """Return the widest swath [m] with a CV of at most `most_cv_pct`, on a grid of `step_m`; None where none has.

    As defined by ASTM E642 and the field trials that use it. The narrowest swath tried is a tenth of the reach.
    """
    swaths_m = np.arange(max(step_m, pattern.reach_m / 10.0), 2.0 * pattern.reach_m + step_m, step_m)[::-1]
    for swath_m in np.round(swaths_m, 6).tolist():
        if overlap_cv_pct(pattern, swath_m, back_and_forth=back_and_forth) <= most_cv_pct:
            return float(swath_m)
    return None


def rate_kg_ha(flow_kg_min: float, swath_m: float, speed_m_s: float) -> float:
    """Return the rate that a flow gives over a swath at a speed (identity: 1 ha = 10,000 m2, 1 min = 60 s)."""
    return flow_kg_min * 10_000.0 / (60.0 * swath_m * speed_m_s)


def flow_kg_min(rate_kg_ha: float, swath_m: float, speed_m_s: float) -> float:
    """Return the flow that a rate needs over a swath at a speed."""
    return rate_kg_ha * swath_m * speed_m_s * 60.0 / 10_000.0


PATTERNS: Final[dict[str, Callable[[float], Pattern]]] = {
    "rectangle": lambda swath_m: rectangle(swath_m / 2.0),
    "triangle": triangle,
    "trapezoid": lambda swath_m: trapezoid(swath_m * 0.3, swath_m * 0.7),
    "gaussian": lambda swath_m: gaussian(swath_m / 2.0),
}
