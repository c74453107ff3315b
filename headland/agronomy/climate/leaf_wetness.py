"""When leaves are wet, from the air around them: each model named, because none sees the leaf.

Sources
-------
.. [1] Sentelhas et al. (2008), Agric. For. Meteorol. 148, 392-400: relative humidity of 90 % or more.
.. [2] Kim, Taylor, Gleason, Koehler (2002), Plant Disease 86, 179-185: classification tree, its branch for wind
       below 2.5 m/s, which greenhouses always are.
.. [3] Huber and Gillespie (1992), Annu. Rev. Phytopathol. 30, 553-577: onset and dry-off by dew point depression.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.series.arrays import Mask, Times, Values

WET_FROM_PCT: Final = 90.0
#: Dew point depression at which leaves grow wet, and the one from which they are dry again [K]; [3].
ONSET_K: Final = 2.0
DRY_OFF_K: Final = 3.8
#: [2]: beyond this depression leaves are dry; beyond this wind its other branch would hold.
_DRY_K: Final = 3.7
CART_MOST_WIND_M_S: Final = 2.5
_CART_BAR: Final = 14.4674


def wet_by_humidity(relative_humidity_pct: ArrayLike, from_pct: float = WET_FROM_PCT) -> Mask:
    """Tell where leaves are wet by humidity alone; [1]. Unknown humidity is not wet."""
    return np.asarray(np.asarray(relative_humidity_pct, np.float64) >= from_pct)


def wet_by_depression(temperature_degc: Values, relative_humidity_pct: Values) -> Mask:
    """Tell where leaves are wet by the dew point depression with its hysteresis, samples in time order; [3].

    Wet from a depression of 2 K down, and then until one of 3.8 K; an unknown sample keeps nothing: it is dry.
    """
    return wet_while_near_dew(temperature_degc - dew_point_degc(temperature_degc, relative_humidity_pct))


def wet_while_near_dew(depression_k: Values) -> Mask:
    """Tell where leaves are wet by a dew point depression [K] that is known already, samples in time order; [3]."""
    # The last sample that decided, at or before each: below the onset, beyond the dry-off, or unknown.
    decides = (depression_k <= ONSET_K) | (depression_k >= DRY_OFF_K) | ~np.isfinite(depression_k)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(decides)), -1))
    return np.asarray((last >= 0) & (depression_k[last] <= ONSET_K))


def wet_by_tree(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike, wind_m_s: ArrayLike = 0.2) -> Mask:
    """Tell where leaves are wet by the classification tree, for wind below 2.5 m/s; [2]. More wind is not wet."""
    t, humidity, wind = (np.asarray(each, np.float64) for each in (temperature_degc, relative_humidity_pct, wind_m_s))
    depression_k = t - dew_point_degc(t, humidity)
    score = (
        1.6064 * np.sqrt(np.maximum(t, 0.0))
        + 0.0036 * t**2
        + 0.1531 * humidity
        - 0.4599 * wind * depression_k
        - 0.0035 * t * humidity
    )
    return np.asarray((depression_k < _DRY_K) & (wind < CART_MOST_WIND_M_S) & (score > _CART_BAR))


def wet_periods(time_ms: Times, wet: Mask, *, join_s: float, max_gap_s: float) -> Values:
    """Return the wet periods, (k, 2) epoch milliseconds, of samples in time order.

    A sample speaks until the next, at most `max_gap_s`; dry breaks shorter than `join_s` do not end a period.
    """
    starts = time_ms[wet].astype(np.float64)
    following = np.append(time_ms[1:], time_ms[-1:]).astype(np.float64)
    ends = np.minimum(following[wet], starts + max_gap_s * 1000.0)
    if not len(starts):
        return np.empty((0, 2))
    breaks = np.flatnonzero(starts[1:] - ends[:-1] >= max(join_s, 1e-3) * 1000.0)
    first = np.concatenate(([0], breaks + 1))
    last = np.concatenate((breaks, [len(starts) - 1]))
    return np.column_stack((starts[first], ends[last]))
