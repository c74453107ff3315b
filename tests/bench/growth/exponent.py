"""Exponent of a curve: by which power of its size a measure grows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

#: What a measure costs whatever the size hides the growth at small sizes: the last two sizes tell most about the next.
_LAST: Final = 2


def fit_exponent(measured: Mapping[int, float]) -> float:
    """Return the slope of the logarithm of a measure over that of the size, by least squares."""
    points = [(math.log(size), math.log(max(value, 1e-9))) for size, value in measured.items()]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def last_exponent(measured: Mapping[int, float]) -> float:
    """Return the exponent between the two largest sizes."""
    return fit_exponent({size: measured[size] for size in sorted(measured)[-_LAST:]})
