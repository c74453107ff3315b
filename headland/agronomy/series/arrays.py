"""Array types that the science, the analyses and the alarms share, and the check of a range."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Measured or computed numbers; NaN where a value is unknown.
Values = NDArray[np.float64]
#: Instants in epoch milliseconds, ascending.
Times = NDArray[np.int64]
#: Numbers of samples or grid steps, and positions on a grid.
Counts = NDArray[np.int64]
#: Whether something is true of each element.
Mask = NDArray[np.bool_]
#: QARTOD flags: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.
QualityFlags = NDArray[np.uint8]


def require(name: str, number: float, low: float = -np.inf, high: float = np.inf, *, above: float = -np.inf) -> None:
    """Raise ValueError for a number outside of `low` to `high`, or not above `above`; also for no number."""
    if not (low <= number <= high and number > above):
        limits = f"above {above:g}" if above > -np.inf else f"{low:g} to {high:g}"
        raise ValueError(f"{name} is {limits}, not {number:g}")


def within(value: ArrayLike, low: float, high: float) -> Values:
    """Return numbers as an array, NaN for those outside of `low` to `high`: nothing is extrapolated."""
    array = np.asarray(value, dtype=np.float64)
    return np.where((array >= low) & (array <= high), array, np.nan)
