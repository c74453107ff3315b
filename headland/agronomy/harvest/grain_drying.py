"""Hours in which standing wheat can be harvested, and in which its grain dries to what can be stored.

The moisture that grain comes to in air of a temperature and humidity is the modified Chung-Pfost equation [1]. Grain on
the stalk follows the air by some hours, so these are hours that favour the work: the moisture of the crop is measured
before it. Rain and what it leaves on the ears count for three hours after it, a figure of Headland's own.

Sources
-------
.. [1] ASABE D245, modified Chung-Pfost equation: RH = exp(-A / (T + C) exp(-B M)), M in % of dry mass; constants of
       wheat as in Storage of Cereal Grains and Their Products, 5th ed., p. 272: A 610.34, B 0.15526, C 93.213.
.. [2] GB 1351-2008, Wheat: moisture of at most 12.5 %. That combines thresh wheat of up to 20 % is the practice that
       the first limit is of; no published source was found for it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Mask, Values

_A, _B, _C = 610.34, 0.15526, 93.213
#: Moisture of grain that can be threshed, and stored without drying [% of wet mass].
THRESHED_PCT: Final = 20.0
STORED_PCT: Final = 12.5
#: Hours for which rain leaves the ears wet.
WET_AFTER_RAIN_H: Final = 3


def wheat_moisture_pct(temperature_degc: ArrayLike, humidity_pct: ArrayLike) -> Values:
    """Return the moisture of wheat in equilibrium with air [% of wet mass]; NaN outside of 0 to 50 degC; [1].

    Humidity counts from 10 to 99 %: the equation has no end at saturated air.
    """
    degc = np.asarray(temperature_degc, np.float64)
    share = np.clip(np.asarray(humidity_pct, np.float64), 10.0, 99.0) / 100.0
    fits = (degc >= 0.0) & (degc <= 50.0)
    inside = np.where(fits, degc, 25.0)
    dry = -np.log(-(inside + _C) * np.log(share) / _A) / _B
    return np.where(fits, 100.0 * dry / (100.0 + dry), np.nan)


def dry_of_rain(rain: Mask) -> Mask:
    """Return which hours have no rain and none in the three before; `rain` is by hour, in order of time."""
    wet = np.convolve(rain.astype(np.int64), np.ones(WET_AFTER_RAIN_H + 1, np.int64))[: len(rain)]
    return np.asarray(wet == 0)
