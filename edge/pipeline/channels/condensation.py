"""Dew point and condensation margin on the gateway: plain numbers, so that a Raspberry Pi needs no numpy.

Source: Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, equation 11 (saturation vapour
pressure) and equation 10 (relative humidity), solved for the temperature at which the air's vapour saturates.
"""

from __future__ import annotations

import math

#: Where equation 11 is used; outside nothing is extrapolated.
_LOW_DEGC, _HIGH_DEGC = -40.0, 60.0
#: Sensors read a little over saturation; up to here that means saturated.
_HIGH_HUMIDITY_PCT = 103.0


def dew_point_degc(temperature_degc: float, relative_humidity_pct: float) -> float | None:
    """Return the dew point over water [degC] of air at -40..60 degC and 0..103 %; None outside, and without vapour."""
    if not (_LOW_DEGC <= temperature_degc <= _HIGH_DEGC and 0.0 < relative_humidity_pct <= _HIGH_HUMIDITY_PCT):
        return None
    log_ratio = math.log(min(relative_humidity_pct, 100.0) / 100.0)
    log_ratio += 17.27 * temperature_degc / (temperature_degc + 237.3)
    return 237.3 * log_ratio / (17.27 - log_ratio)


def condensation_margin_k(surface_degc: float, temperature_degc: float, relative_humidity_pct: float) -> float | None:
    """Return how far a surface is above the dew point of the air at it [K]; at or below 0 it becomes wet."""
    dew = dew_point_degc(temperature_degc, relative_humidity_pct)
    return None if dew is None else surface_degc - dew
