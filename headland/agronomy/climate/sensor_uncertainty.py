"""Uncertainty of humidity and surface sensors, and what it makes of a vapour pressure deficit and a dew point margin.

The error of a sensor that is not calibrated hardly changes within hours, so that no mean reduces it. It propagates to
first order by [2], with the slopes of [3]:

    u(VPD)2 = (es u(RH) / 100)2 + ((1 - RH / 100) D(T) u(T))2
    u(Ts - Td)2 = u(Ts)2 + (es u(RH) / (100 D(Td)))2 + (RH / 100 D(T) / D(Td) u(T))2

All are standard deviations. Sensors whose uncertainty is not declared are taken to have that of their kind.

Sources
-------
.. [1] WMO-No. 8 (2018): Guide to Instruments and Methods of Observation, volume I, annex 1.A, "achievable measurement
       uncertainty" of operational instruments, at two standard deviations: air temperature 0.2 K, relative humidity of
       solid-state sensors 3 %.
.. [2] JCGM 100:2008 (GUM), eq 10: law of propagation of uncertainty, uncorrelated inputs.
.. [3] Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, eq 11 and 13.
.. [4] Data sheet of the infrared thermometer MLX90614 (Melexis), from 0 to 50 degC: 0.5 K. Taken for two standard
       deviations; a probe in contact with a leaf or a film is no better.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.psychrometrics import (
    HIGH_HUMIDITY_PCT,
    saturation_slope_kpa_k,
    saturation_vapour_pressure_kpa,
)
from headland.agronomy.series.arrays import Values, within

#: [1] and [4]: standard deviations of a thermometer, a hygrometer, and a surface's thermometer.
AIR_K: Final = 0.1
HUMIDITY_PCT: Final = 1.5
SURFACE_K: Final = 0.25
#: That of a surface that is estimated: the rules of `condensation` are a kelvin or so off.
ESTIMATED_K: Final = 1.0
#: So many standard deviations on one side of a limit are sure: [2] 6.3.3, a level of confidence near 95 %.
COVERAGE_FACTOR: Final = 2.0
#: The figures as an answer lists its assumptions.
ASSUMED: Final = (f"u(air temperature) = {AIR_K:g} K, u(relative humidity) = {HUMIDITY_PCT:g} % (WMO-No. 8 annex 1.A)",)
ASSUMED_OF_SURFACES: Final = (
    *ASSUMED,
    f"u(surface temperature) = {SURFACE_K:g} K measured (MLX90614), {ESTIMATED_K:g} K estimated",
)


def deficit_uncertainty_kpa(temperature_degc: ArrayLike, humidity_pct: ArrayLike) -> Values:
    """Return the standard deviation of a vapour pressure deficit [kPa]; [2] eq 10.

    `temperature_degc` [degC, -40..60], `humidity_pct` [%, 0..103].
    """
    by_humidity = saturation_vapour_pressure_kpa(temperature_degc) * HUMIDITY_PCT / 100.0
    dry = 1.0 - _share(humidity_pct)
    return np.hypot(by_humidity, dry * saturation_slope_kpa_k(temperature_degc) * AIR_K)


def dew_uncertainty_k(temperature_degc: ArrayLike, humidity_pct: ArrayLike, dew_degc: ArrayLike) -> Values:
    """Return the standard deviation of a dew point [K]; [2] eq 10.

    `temperature_degc` and `dew_degc` [degC, -40..60], `humidity_pct` [%, 0..103].
    """
    slope = saturation_slope_kpa_k(dew_degc)
    by_humidity = saturation_vapour_pressure_kpa(temperature_degc) * HUMIDITY_PCT / 100.0
    return np.hypot(by_humidity, _share(humidity_pct) * saturation_slope_kpa_k(temperature_degc) * AIR_K) / slope


def _share(humidity_pct: ArrayLike) -> Values:
    """Return relative humidity as a share, at most 1; NaN outside its range."""
    return np.minimum(within(humidity_pct, 0.0, HIGH_HUMIDITY_PCT), 100.0) / 100.0
