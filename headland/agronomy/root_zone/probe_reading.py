"""Readings of a soil sensor by day: at one hour of the day, and without what its temperature adds.

Sources
-------
.. [1] Kizito et al. (2008), J. Hydrology 352, 367-378: readings of capacitance sensors change with
   temperature.
.. [2] Bayley and Hammersley (1946), J. R. Stat. Soc. Suppl. 8, 184-197: errors of dependent samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values, require
from headland.units_of_time import HOUR_MS

#: The soil's water of a day is that at its end, when roots have stopped and water has spread: the last hours count.
LAST_HOURS: Final = 4
#: Temperature to which readings are brought [degC].
AT_DEGC: Final = 20.0
#: Days and swing [K] that tell an effect, and by how many standard errors.
_LEAST_DAYS, _LEAST_SWING_K, _ERRORS = 8, 2.0, 3.0


@dataclass(frozen=True, slots=True)
class TemperatureEffect:
    """Change of a reading with temperature [unit/K], its standard error, and the days that show it."""

    per_k: float
    error: float
    days: int


def daily_readings(time_ms: Times, value: Values, day_end_ms: Times) -> Values:
    """Return the median of the last four hours before each day's end; NaN without a sample in them. Times ascend."""
    first = np.searchsorted(time_ms, day_end_ms - LAST_HOURS * HOUR_MS)
    end = np.searchsorted(time_ms, day_end_ms)
    daily = np.full(len(day_end_ms), np.nan)
    for at, (a, b) in enumerate(zip(first.tolist(), end.tolist(), strict=True)):
        known = value[a:b][np.isfinite(value[a:b])]
        if len(known):
            daily[at] = float(np.median(known))
    return daily


def fit_temperature_effect(
    time_ms: Times, value: Values, temperature_degc: Values, day_end_ms: Times
) -> TemperatureEffect | None:
    """Return how a reading follows the sensor's temperature within days; None where no effect is sure.

    Both are taken without the day's own straight line, so that drying is no effect. Only days that do not get wetter
    and whose temperature swings by 2 K count; the error is that of the days' slopes, which are independent.
    """
    slopes = []
    ends = np.searchsorted(time_ms, day_end_ms)
    for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        known = np.isfinite(value[a:b]) & np.isfinite(temperature_degc[a:b])
        if known.sum() < 8:
            continue
        at = (time_ms[a:b][known] - time_ms[a]).astype(np.float64)
        wet, warm = value[a:b][known], temperature_degc[a:b][known]
        quarter = max(len(wet) // 4, 1)
        if wet[-quarter:].mean() > wet[:quarter].mean() or float(np.ptp(warm)) < _LEAST_SWING_K:
            continue
        wet, warm = (each - np.polyval(np.polyfit(at, each, 1), at) for each in (wet, warm))
        slopes.append(float(wet @ warm / (warm @ warm)))
    if len(slopes) < _LEAST_DAYS:
        return None
    mean, error = float(np.mean(slopes)), float(np.std(slopes, ddof=1) / np.sqrt(len(slopes)))
    return TemperatureEffect(mean, error, len(slopes)) if abs(mean) > _ERRORS * error else None


def at_one_temperature(value: Values, temperature_degc: Values, effect: TemperatureEffect | None) -> Values:
    """Return readings as they would be at 20 degC, `AT_DEGC`; those without a temperature stay as they are."""
    if effect is None:
        return value
    require("the effect of temperature", abs(effect.per_k), 0.0, 1e6)
    off = np.where(np.isfinite(temperature_degc), temperature_degc - AT_DEGC, 0.0)
    return np.asarray(value - effect.per_k * off)
