"""Explanations of a series: what may be wrong, by its odds against everything being as it is declared.

An explanation is one single change: of a unit, of the site's place, of a clock, of two channels. Each is weighed by how
well the series fits after it, as a sum of squared deviations beyond what is usual, and by how often such a mistake is
made. Without a place or a second channel fewer features are known, and nothing is named on few of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from headland.agronomy.series.finding import Mend

#: Causes with which the place itself is wrong: its sun is elsewhere, and what is computed from it is not known either.
LONGITUDE_SIGN, LATITUDE_SIGN, PLACE_SWAPPED = "longitude_sign", "latitude_sign", "place_swapped"
PLACE_CAUSES: Final = frozenset((LONGITUDE_SIGN, LATITUDE_SIGN, PLACE_SWAPPED))
#: Chance of "as declared" below which another explanation is named, and below which the samples are left out.
_NAMED, _LEFT_OUT = 0.02, 0.003
#: The smallest misfit of the samples as declared at which anything is named: without it nothing is wrong.
LEAST_MISFIT: Final = 6.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of a series by one change: its slug, its rarity, how badly the series fits after it, and the remedy.

    `rarity` is the logarithm of how much more often nothing is wrong; `misfit` half the sum of squared deviations.
    """

    cause: str
    rarity: float
    misfit: float
    facts: Mapping[str, str] = field(default_factory=dict)
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """Explanation that was weighed, with its chance [0..1]; `left_out`: the samples cannot be as declared."""

    explanation: Explanation
    chance: float
    left_out: bool


@dataclass(frozen=True, slots=True)
class ChannelVerdict:
    """Verdict about some channels of one place; `left_out`: their samples cannot be used, in doubt either."""

    weighed: Weighed
    channels: tuple[str, ...]
    left_out: bool


def weigh(as_declared: float, others: Sequence[Explanation]) -> Weighed | None:
    """Return the best of some explanations against the misfit of the series `as_declared`, None where that fits."""
    if as_declared < LEAST_MISFIT or not others:
        return None
    weights = -np.array([as_declared, *(each.rarity + each.misfit for each in others)])
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    best = int(np.argmax(chances[1:]))
    if chances[0] > _NAMED:
        return None
    return Weighed(others[best], float(chances[1 + best]), bool(chances[0] < _LEFT_OUT))


def beyond(value: float | None, low: float, high: float, scale: float) -> float:
    """Return half the squared deviation of a value from a usual range, by a scale; 0 for an unknown value."""
    if value is None or not np.isfinite(value):
        return 0.0
    return 0.5 * (max(low - value, value - high, 0.0) / scale) ** 2
