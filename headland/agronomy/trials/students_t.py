"""Student's t and F distributions: probabilities and quantiles, by the incomplete beta function."""

from __future__ import annotations

import math
from typing import Final

_MOST_TERMS: Final = 500
_SMALL: Final = 1e-300
_PRECISION: Final = 1e-15


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) of a share x and positive a, b.

    Continued fraction of DLMF 8.17.22, by Lentz's method.
    """
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(1.0 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x) - math.log(a)
    )
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            value *= d * c
        if abs(d * c - 1.0) < _PRECISION:
            break
    return front * value


def t_two_sided(t: float, df: float) -> float:
    """Return the probability of a larger |t| with `df` degrees of freedom (> 0)."""
    return incomplete_beta(df / (df + t * t), df / 2.0, 0.5)


def t_quantile(level: float, df: float) -> float:
    """Return the t that |t| exceeds with probability 1 - `level`: 2.228 for 0.95 and 10 degrees of freedom."""
    low, high = 0.0, 1.0
    while 1.0 - t_two_sided(high, df) < level:
        high *= 2.0
        if high > 1e9:
            return math.inf
    for _ in range(200):
        middle = (low + high) / 2.0
        if 1.0 - t_two_sided(middle, df) < level:
            low = middle
        else:
            high = middle
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2.0


def _away(value: float) -> float:
    return _SMALL if abs(value) < _SMALL else value
