"""Chance that a forecast value is beyond a limit, by its 90 % interval.

The value is the median and the ends of the interval are the 5th and 95th percentile; between and beyond them each side
is a half of a normal distribution. Where the interval is symmetric it is the normal distribution of the value, as of
EMOS (Gneiting et al. 2005, Mon. Wea. Rev. 133, 1098-1118, section 2b: the predictive distribution is normal).
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
#: The 95th percentile of the standard normal distribution, 1.6449 (NIST/SEMATECH e-Handbook, 1.3.6.7.1).
Z_95: Final = _NORMAL.inv_cdf(0.95)


def chance_above(value: float, low: float, high: float, limit: float) -> float:
    """Return the chance, 0 to 1, that a quantity is above a limit; `low` <= `value` <= `high`, all in its unit.

    A side of no width puts no chance beyond the value: the limit is then exceeded or not.
    """
    width = high - value if limit >= value else value - low
    if width <= 0.0:
        return 1.0 if limit < value else 0.0
    return 1.0 - _NORMAL.cdf((limit - value) / (width / Z_95))


def chance_below(value: float, low: float, high: float, limit: float) -> float:
    """Return the chance, 0 to 1, that a quantity is below a limit."""
    return chance_above(-value, -high, -low, -limit)
