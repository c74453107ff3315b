"""Reference evapotranspiration by the hour from measured weather: FAO-56 for grass, ASCE for short and tall crops.

Radiation is in MJ/m2 per hour, evapotranspiration in mm per hour.

Sources
-------
.. [1] Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, eq 28 to 33, 37 to 40, 45, 46, 53.
.. [2] ASCE-EWRI (2005), The ASCE Standardized Reference Evapotranspiration Equation, eq 1, 41 to 46 and table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headland.agronomy.climate.evapotranspiration import (
    CLEAR,
    clear_sky_mj_m2,
    extraterrestrial_hourly_mj_m2,
    net_hourly_mj_m2,
    penman_monteith_mm,
)
from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.arrays import Times, Values
from headland.units_of_time import DAY_MS, HOUR_MS

#: [2] eq 46: below this elevation of the sun the brightness of the sky is that of the last hour above it [rad].
_LOW_SUN_RAD: Final = 0.3
#: The longest time for which that holds [h]: a night, and days on which the sun stays low.
_MOST_HELD_H: Final = 24


@dataclass(frozen=True, slots=True)
class ReferenceCrop:
    """A reference surface: numerator, and by day and by night the wind's factor and the soil's share of radiation."""

    numerator: float
    wind_day: float
    wind_night: float
    soil_day: float
    soil_night: float


#: By the names of the answers: [1] eq 53 with 45 and 46; [2] table 1.
REFERENCE_CROPS: Final[dict[str, ReferenceCrop]] = {
    "et0_fao56_hourly": ReferenceCrop(37.0, 0.34, 0.34, 0.1, 0.5),
    "et_asce_short_hourly": ReferenceCrop(37.0, 0.24, 0.96, 0.1, 0.5),
    "et_asce_tall_hourly": ReferenceCrop(66.0, 0.25, 1.7, 0.04, 0.2),
}


@dataclass(frozen=True, slots=True)
class HourlyWeather:
    """The weather of consecutive hours, by their middles: means, and the radiation of each hour; NaN where unknown."""

    middle_ms: Times
    temperature_degc: Values
    vapour_kpa: Values
    solar_mj_m2: Values
    wind_2m_m_s: Values


def net_of_hours_mj_m2(weather: HourlyWeather, latitude_deg: float, longitude_deg: float, altitude_m: float) -> Values:
    """Return the net radiation of each hour over grass; [1] eq 38 to 40.

    While the sun is low the sky has the brightness of the last hour with a higher one; [2]. On a day on which it stays
    low that is the day's radiation over a clear sky's, and one without sun is taken as clear. NaN where that is more
    than a day ago or not known.
    """
    # By local solar time: the sun's clock at the place is its own time zone.
    solar_ms = weather.middle_ms + round(longitude_deg / 15.0 * HOUR_MS)
    middle_h = (solar_ms % DAY_MS) / HOUR_MS
    dates = (solar_ms // 1000).astype("datetime64[s]").astype("datetime64[D]")
    day_of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64) + 1
    top = extraterrestrial_hourly_mj_m2(
        latitude_deg, day_of_year, middle_h, longitude_west_deg=-longitude_deg, zone_west_deg=-longitude_deg
    )
    clear = clear_sky_mj_m2(top, altitude_m)
    high = np.radians(elevation_deg(weather.middle_ms, latitude_deg, longitude_deg)) > _LOW_SUN_RAD
    brightness = np.where(high & (clear > 0.0), weather.solar_mj_m2 / np.where(clear > 0.0, clear, 1.0), np.nan)
    held = _held(brightness)
    noon_ms = weather.middle_ms + np.round((12.0 - middle_h) * HOUR_MS).astype(np.int64)
    stays_low = np.radians(elevation_deg(noon_ms, latitude_deg, longitude_deg)) <= _LOW_SUN_RAD
    filled = np.where(stays_low & np.isnan(held), _of_day(dates, weather.solar_mj_m2, clear), held)
    return net_hourly_mj_m2(weather.solar_mj_m2, filled, weather.temperature_degc, weather.vapour_kpa)


def _of_day(dates: NDArray[np.datetime64], solar_mj_m2: Values, clear_mj_m2: Values) -> Values:
    """Return each hour's brightness of its day: what is known of the radiation over what a clear sky would give.

    Clear where a day has no sun; NaN where its radiation is known in the night only.
    """
    day = np.cumsum(np.diff(dates, prepend=dates[:1]) != np.timedelta64(0, "D"))
    known = np.isfinite(solar_mj_m2)
    solar, clear, every = (
        np.bincount(day, values)[day]
        for values in (np.where(known, solar_mj_m2, 0.0), np.where(known, clear_mj_m2, 0.0), clear_mj_m2)
    )
    measured = np.divide(solar, clear, out=np.full(len(day), np.nan), where=clear > 0.0)
    return np.where(every > 0.0, measured, CLEAR)


def reference_et_mm(crop: ReferenceCrop, weather: HourlyWeather, net_mj_m2: ArrayLike, altitude_m: float) -> Values:
    """Return the evapotranspiration of a reference surface in each hour; [1] eq 53, [2] eq 1; by day Rn is above 0."""
    net = np.asarray(net_mj_m2, np.float64)
    by_day = net > 0.0
    energy = net * (1.0 - np.where(by_day, crop.soil_day, crop.soil_night))
    return penman_monteith_mm(
        weather.temperature_degc,
        saturation_vapour_pressure_kpa(weather.temperature_degc),
        weather.vapour_kpa,
        energy,
        weather.wind_2m_m_s,
        altitude_m,
        numerator=crop.numerator,
        wind_factor=np.where(by_day, crop.wind_day, crop.wind_night),
    )


def _held(value: Values) -> Values:
    """Return values with each unknown one as the last known, up to a day after it."""
    at = np.maximum.accumulate(np.where(np.isfinite(value), np.arange(len(value)), -1))
    fresh = (at >= 0) & (np.arange(len(value)) - at <= _MOST_HELD_H)
    return np.where(fresh, value[np.maximum(at, 0)], np.nan)
