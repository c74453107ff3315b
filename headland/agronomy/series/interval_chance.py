"""Chances by a value with a 90 % interval: the error is normal to either side, its bounds at 1.645 deviations.

A two-piece normal distribution about the value, which is its median: the sides may differ.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

#: The 95th percentile of the normal distribution.
Z90: Final = 1.6449
_NORMAL: Final = NormalDist()
#: Values of one share of chance each, by which a rule of several limits is counted.
SHARES: Final = 20
_POINTS: Final = tuple(_NORMAL.inv_cdf((at + 0.5) / SHARES) / Z90 for at in range(SHARES))


def chance_below(limit: float, value: float, low: float, high: float) -> float:
    """Return the chance of less than a limit, 0..1."""
    side = value - low if limit < value else high - value
    if side <= 0.0:
        return 1.0 if value < limit else 0.0
    return _NORMAL.cdf((limit - value) / (side / Z90))


def equal_shares(value: float, low: float, high: float) -> list[float]:
    """Return the `SHARES` values in the middle of equal shares of the chance, ascending."""
    return [value + z * (high - value if z > 0.0 else value - low) for z in _POINTS]
