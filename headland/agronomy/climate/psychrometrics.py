"""Psychrometrics of moist air: vapour pressure, deficits, dew, frost and wet-bulb point, humidity, enthalpy.

One saturation formula is used throughout, FAO-56 equation 11 (Tetens over water), so that every index agrees with
every other. Arguments are numbers or arrays that broadcast; results are float64 arrays of the broadcast shape. NaN in
gives NaN out, and so does an argument outside the validity range: nothing is extrapolated.

Sources
-------
.. [1] Allen, Pereira, Raes, Smith (1998): Crop evapotranspiration, FAO Irrigation and Drainage Paper 56, chapter 3.
.. [2] WMO-No. 8 (2018): Guide to Instruments and Methods of Observation, volume I, annex 4.B.
.. [3] Gas constant of water vapour, 461.5 J/(kg K): ISO 9346 and [2].
.. [4] ASHRAE Handbook, Fundamentals (2017), chapter 1, Psychrometrics.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Values, within

#: Where [1] eq 11 stays within 0.5 % of the IAPWS-95 values over water above freezing (0.15 % up to 45 degC), and
#: within 3.2 % (at -40 degC) of the WMO values over supercooled water below.
LOW_DEGC: Final = -40.0
HIGH_DEGC: Final = 60.0

#: Capacitive sensors read a little over saturation; up to here the air is saturated, beyond it the sensor is broken.
HIGH_HUMIDITY_PCT: Final = 103.0

GAS_CONSTANT_VAPOUR_J_KG_K: Final = 461.5
KELVIN: Final = 273.15
#: Molar mass of water over that of dry air; [4] eq 20.
_MASS_RATIO: Final = 0.621945
#: Pressure where the height is not known [kPa]: sea level in the standard atmosphere.
STANDARD_PRESSURE_KPA: Final = 101.325
#: Halvings of a span of 100 K: the remainder is a tenth of a millikelvin.
_HALVINGS: Final = 20


def saturation_vapour_pressure_kpa(temperature_degc: ArrayLike) -> Values:
    """Return the saturation vapour pressure over water [kPa] at `temperature_degc` [degC, -40..60]; [1] eq 11."""
    t = within(temperature_degc, LOW_DEGC, HIGH_DEGC)
    return np.asarray(0.6108 * np.exp(17.27 * t / (t + 237.3)))


def saturation_slope_kpa_k(temperature_degc: ArrayLike) -> Values:
    """Return the slope of the saturation vapour pressure [kPa/K] at `temperature_degc` [degC, -40..60]; [1] eq 13."""
    t = np.asarray(temperature_degc, np.float64)
    return np.asarray(4098.0 * saturation_vapour_pressure_kpa(t) / (t + 237.3) ** 2)


def actual_vapour_pressure_kpa(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return the vapour pressure [kPa] of air at `temperature_degc` and `relative_humidity_pct` over water.

    [1] eq 10 solved for ea. `temperature_degc` [degC, -40..60], `relative_humidity_pct` [%, 0..103]; what lies over 100
    counts as saturated.
    """
    return vapour_pressure_kpa(saturation_vapour_pressure_kpa(temperature_degc), relative_humidity_pct)


def vapour_pressure_kpa(saturation_kpa: Values, relative_humidity_pct: ArrayLike) -> Values:
    """Return the vapour pressure [kPa] of air from its saturation vapour pressure; [1] eq 10."""
    humidity = np.minimum(within(relative_humidity_pct, 0.0, HIGH_HUMIDITY_PCT), 100.0)
    return np.asarray(humidity / 100.0 * saturation_kpa)


def vapour_pressure_deficit_kpa(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return es(T) - ea [kPa, >= 0] of the air; [1] chapter 3, "vapour pressure deficit", at one instant."""
    saturated = saturation_vapour_pressure_kpa(temperature_degc)
    return np.asarray(saturated - actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct))


def leaf_vapour_pressure_deficit_kpa(
    leaf_degc: ArrayLike, temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike
) -> Values:
    """Return es(leaf) - ea [kPa] between a leaf at `leaf_degc` and the air; below 0 the leaf grows wet.

    The leaf's inside is saturated; [1] eq 10 and 11.
    """
    inside = saturation_vapour_pressure_kpa(leaf_degc)
    return np.asarray(inside - actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct))


def air_pressure_kpa(altitude_m: ArrayLike) -> Values:
    """Return the mean air pressure [kPa] at `altitude_m` [m, -500..5000] above the sea; [1] eq 7."""
    z = within(altitude_m, -500.0, 5000.0)
    return np.asarray(101.3 * ((293.0 - 0.0065 * z) / 293.0) ** 5.26)


def humidity_ratio(
    temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike, pressure_kpa: ArrayLike = STANDARD_PRESSURE_KPA
) -> Values:
    """Return the mass of vapour with a mass of dry air [kg/kg]; [4] eq 20."""
    vapour = actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct)
    return np.asarray(_ratio_of(vapour, pressure_kpa))


def enthalpy_kj_kg(
    temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike, pressure_kpa: ArrayLike = STANDARD_PRESSURE_KPA
) -> Values:
    """Return the enthalpy of moist air [kJ per kg of dry air], 0 for dry air at 0 degC; [4] eq 30."""
    t = np.asarray(temperature_degc, dtype=np.float64)
    return np.asarray(1.006 * t + humidity_ratio(t, relative_humidity_pct, pressure_kpa) * (2501.0 + 1.86 * t))


def wet_bulb_degc(
    temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike, pressure_kpa: ArrayLike = STANDARD_PRESSURE_KPA
) -> Values:
    """Return the thermodynamic wet-bulb temperature over water [degC, <= the air's]; [4] eq 33, solved by halving.

    Within 0.05 K of ASHRAE's own from 0 to 45 degC. Air below 0 degC whose bulb carries ice reads a little otherwise.
    """
    t, pressure = np.broadcast_arrays(
        np.asarray(temperature_degc, np.float64) + 0.0 * np.asarray(relative_humidity_pct, np.float64),
        np.asarray(pressure_kpa, np.float64),
    )
    ratio = humidity_ratio(t, relative_humidity_pct, pressure)
    high = t.copy()
    low = np.maximum(high - 100.0, LOW_DEGC)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        saturated = _ratio_of(saturation_vapour_pressure_kpa(middle), pressure)
        held = ((2501.0 - 2.326 * middle) * saturated - 1.006 * (t - middle)) / (2501.0 + 1.86 * t - 4.186 * middle)
        too_wet = held > ratio
        high, low = np.where(too_wet, middle, high), np.where(too_wet, low, middle)
    return np.where(np.isfinite(ratio), (low + high) / 2.0, np.nan)


def delta_t_k(
    temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike, pressure_kpa: ArrayLike = STANDARD_PRESSURE_KPA
) -> Values:
    """Return Delta T [K, >= 0], dry-bulb less wet-bulb temperature: a measure of how fast droplets dry."""
    wet = wet_bulb_degc(temperature_degc, relative_humidity_pct, pressure_kpa)
    return np.asarray(np.asarray(temperature_degc, np.float64) - wet)


def dew_point_degc(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return the dew point over water [degC]: the exact inverse of [1] eq 11. NaN for air without any vapour.

    Below 0 degC this is the dew point over supercooled water; hoar forms sooner, at `frost_point_degc`.
    """
    return dew_point_of_vapour_degc(actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct))


def dew_point_of_vapour_degc(vapour_kpa: Values) -> Values:
    """Return the dew point over water [degC] of a vapour pressure [kPa], NaN where there is none; from [1] eq 11."""
    x = _log_ratio(vapour_kpa, 0.6108)
    return np.asarray(237.3 * x / (17.27 - x))


def frost_point_degc(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return the temperature [degC, < 0] at which hoar forms, NaN where the air would dew instead.

    The inverse of the saturation vapour pressure over ice, 0.6112 exp(22.46 t / (272.62 + t)) kPa; [2] eq 4.B.2.
    """
    return frost_point_of_vapour_degc(actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct))


def frost_point_of_vapour_degc(vapour_kpa: Values) -> Values:
    """Return the frost point over ice [degC, < 0] of a vapour pressure [kPa], NaN where the air would dew instead."""
    x = _log_ratio(vapour_kpa, 0.6112)
    frost = np.asarray(272.62 * x / (22.46 - x))
    return np.where(frost < 0.0, frost, np.nan)


def absolute_humidity_g_m3(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return the vapour in a volume of air [g/m3]: ea / (Rv T), the ideal gas law with [3]."""
    return vapour_density_g_m3(actual_vapour_pressure_kpa(temperature_degc, relative_humidity_pct), temperature_degc)


def humidity_deficit_g_m3(temperature_degc: ArrayLike, relative_humidity_pct: ArrayLike) -> Values:
    """Return the vapour that the air could still hold [g/m3, >= 0]: (es - ea) / (Rv T), Dutch "vochtdeficit"; [3]."""
    return vapour_density_g_m3(vapour_pressure_deficit_kpa(temperature_degc, relative_humidity_pct), temperature_degc)


def _ratio_of(vapour_kpa: Values, pressure_kpa: ArrayLike) -> Values:
    pressure = np.asarray(pressure_kpa, np.float64)
    return np.asarray(_MASS_RATIO * vapour_kpa / (pressure - vapour_kpa))


def vapour_density_g_m3(pressure_kpa: Values, temperature_degc: ArrayLike) -> Values:
    """Return the mass of vapour of a partial pressure in a volume of air [g/m3] by the gas law; [3]."""
    kelvin = np.asarray(temperature_degc, dtype=np.float64) + KELVIN
    return np.asarray(pressure_kpa * 1e6 / (GAS_CONSTANT_VAPOUR_J_KG_K * kelvin))


def _log_ratio(pressure_kpa: Values, reference_kpa: float) -> Values:
    positive = np.where(pressure_kpa > 0.0, pressure_kpa, np.nan)
    return np.asarray(np.log(positive / reference_kpa))
