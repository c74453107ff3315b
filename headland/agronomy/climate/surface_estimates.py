"""Temperatures of surfaces without a sensor: a cover by its heat loss, a fruit by a lag.

That of a leaf is in `headland.contract.leaf`: gateways estimate it as well.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Times, Values

#: Heat exchange of a film cover's inside with the air [W/m2/K].
COVER_INSIDE_W_M2_K: Final = 7.0


def estimate_cover_degc(
    air_degc: ArrayLike, outside_degc: ArrayLike, u_w_m2_k: float, inside_w_m2_k: float = COVER_INSIDE_W_M2_K
) -> Values:
    """Return the estimated temperature of a cover's inner side by its heat loss: T - U (T - To) / h; 0 < U <= h."""
    if not 0.0 < u_w_m2_k <= inside_w_m2_k:
        raise ValueError("the U value of a cover is above 0 and at most the heat exchange of its inside")
    air = np.asarray(air_degc, np.float64)
    return np.asarray(air - u_w_m2_k / inside_w_m2_k * (air - np.asarray(outside_degc, np.float64)))


def estimate_lagging_degc(time_ms: Times, air_degc: Values, lag_s: float) -> Values:
    """Return the estimated temperature of a heavy surface, such as a fruit: the air's with a first-order lag.

    Samples in time order; the first value is the air's. A gap of more than three lags starts it again.
    """
    lagging = np.full(len(air_degc), np.nan)
    level, before_ms = np.nan, 0
    for at, (now_ms, air) in enumerate(zip(time_ms.tolist(), air_degc.tolist(), strict=True)):
        if not np.isfinite(air):
            continue
        elapsed_s = (now_ms - before_ms) / 1000.0
        if not np.isfinite(level) or elapsed_s > 3.0 * lag_s:
            level = air
        else:
            level = air + (level - air) * np.exp(-elapsed_s / lag_s)
        lagging[at], before_ms = level, now_ms
    return lagging
