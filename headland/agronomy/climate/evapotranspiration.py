"""Water that plants lose: reference evapotranspiration with its radiation terms, and a greenhouse crop's transpiration.

Radiation is in MJ/m2 per day or per hour, evapotranspiration in mm, transpiration in g/m2/h of floor.

Sources
-------
.. [1] Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, chapters 2 to 4.
.. [2] Stanghellini (1987), Transpiration of greenhouse crops, PhD thesis, Wageningen.
.. [3] Vanthoor et al. (2011), Biosystems Engineering 110, 363-377, electronic appendix: eq 47 to 52 and its
       parameters for tomato.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.psychrometrics import (
    HIGH_HUMIDITY_PCT,
    KELVIN,
    air_pressure_kpa,
    saturation_slope_kpa_k,
    saturation_vapour_pressure_kpa,
)
from headland.agronomy.series.arrays import Values, require, within

#: Solar constant [MJ/m2/min] and Stefan-Boltzmann constant [MJ/K4/m2/day].
_SOLAR: Final = 0.0820
_STEFAN: Final = 4.903e-9
#: Albedo of the hypothetical grass; [1] eq 38.
_ALBEDO: Final = 0.23
#: Brightness of a clear sky, Rs / Rso: what a night without end is taken to have.
CLEAR: Final = 1.0


def extraterrestrial_daily_mj_m2(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Values:
    """Return the radiation above the air in a day, Ra [MJ/m2/day]; [1] eq 21.

    `latitude_deg` [deg, -90..90], `day_of_year` [1..366].
    """
    latitude, distance, declination, sunset = _geometry(latitude_deg, day_of_year)
    angles = sunset * np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.sin(sunset)
    return np.asarray(24.0 * 60.0 / np.pi * _SOLAR * distance * angles)


def extraterrestrial_hourly_mj_m2(
    latitude_deg: ArrayLike,
    day_of_year: ArrayLike,
    middle_h: ArrayLike,
    *,
    longitude_west_deg: float,
    zone_west_deg: float,
    length_h: float = 1.0,
) -> Values:
    """Return Ra of a period around the clock time `middle_h` [MJ/m2 per period], 0 by night; [1] eq 28 to 33.

    `zone_west_deg` is the longitude of the clock's time zone, 240 for China, `longitude_west_deg` the place's, both
    counted westward from Greenwich as there. `latitude_deg` [deg, -90..90], `day_of_year` [1..366], `middle_h`
    [h, 0..24].
    """
    latitude, distance, declination, sunset = _geometry(latitude_deg, day_of_year)
    season = 2.0 * np.pi * (np.asarray(day_of_year, np.float64) - 81.0) / 364.0
    correction_h = 0.1645 * np.sin(2 * season) - 0.1255 * np.cos(season) - 0.025 * np.sin(season)
    shift_h = 0.06667 * (zone_west_deg - longitude_west_deg) + correction_h
    hour = np.pi / 12.0 * (within(middle_h, 0.0, 24.0) + shift_h - 12.0)
    angles = np.zeros(np.broadcast(hour, sunset).shape)
    # A period around midnight may end after one day's sunset, or before it, and begin before the next one's sunrise.
    for turn in (-2.0 * np.pi, 0.0, 2.0 * np.pi):
        first, last = (np.clip(hour + turn + part * np.pi * length_h / 24.0, -sunset, sunset) for part in (-1.0, 1.0))
        angles = angles + (last - first) * np.sin(latitude) * np.sin(declination)
        angles = angles + np.cos(latitude) * np.cos(declination) * (np.sin(last) - np.sin(first))
    return np.asarray(np.maximum(12.0 * 60.0 / np.pi * _SOLAR * distance * angles, 0.0))


def daylight_hours(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> Values:
    """Return the astronomical day length N [h], 0 to 24; [1] eq 34. Without refraction, so 0.1 h too short.

    `latitude_deg` [deg, -90..90], `day_of_year` [1..366].
    """
    return np.asarray(24.0 / np.pi * _geometry(latitude_deg, day_of_year)[3])


def solar_from_sunshine_mj_m2(
    sunshine_h: ArrayLike, daylight_h: ArrayLike, extraterrestrial_mj_m2: ArrayLike
) -> Values:
    """Return the solar radiation Rs by the hours of sunshine, Angstrom with 0.25 and 0.50; [1] eq 35.

    A day on which the sun does not rise has none.
    """
    sunshine, daylight = np.asarray(sunshine_h, np.float64), np.asarray(daylight_h, np.float64)
    share = np.divide(sunshine, daylight, out=np.zeros(np.broadcast(sunshine, daylight).shape), where=daylight > 0.0)
    return np.asarray((0.25 + 0.50 * share) * np.asarray(extraterrestrial_mj_m2, np.float64))


def solar_from_temperature_mj_m2(
    low_degc: ArrayLike, high_degc: ArrayLike, extraterrestrial_mj_m2: ArrayLike, *, coast: bool = False
) -> Values:
    """Return the solar radiation Rs by the day's span of temperature; [1] eq 50 with 0.16 inland, 0.19 on a coast."""
    span = np.maximum(np.asarray(high_degc, np.float64) - np.asarray(low_degc, np.float64), 0.0)
    return np.asarray((0.19 if coast else 0.16) * np.sqrt(span) * np.asarray(extraterrestrial_mj_m2, np.float64))


def clear_sky_mj_m2(extraterrestrial_mj_m2: ArrayLike, altitude_m: ArrayLike) -> Values:
    """Return the radiation of a clear sky Rso; [1] eq 37."""
    return np.asarray(
        (0.75 + 2e-5 * np.asarray(altitude_m, np.float64)) * np.asarray(extraterrestrial_mj_m2, np.float64)
    )


def net_daily_mj_m2(
    solar_mj_m2: ArrayLike, clear_mj_m2: ArrayLike, low_degc: ArrayLike, high_degc: ArrayLike, vapour_kpa: ArrayLike
) -> Values:
    """Return the net radiation Rn of a day over grass [MJ/m2/day]; [1] eq 38 to 40.

    Where the sun does not rise the sky cannot be told from its light: it is taken as clear, as `refet` does.
    """
    fourth = [(np.asarray(each, np.float64) + KELVIN) ** 4 for each in (low_degc, high_degc)]
    clear = np.asarray(clear_mj_m2, np.float64)
    brightness = np.where(clear > 0.0, np.asarray(solar_mj_m2, np.float64) / np.where(clear > 0.0, clear, 1.0), CLEAR)
    brightness = np.where(np.isnan(clear), np.nan, brightness)
    return _net(solar_mj_m2, brightness, _STEFAN * (fourth[0] + fourth[1]) / 2.0, vapour_kpa)


def net_hourly_mj_m2(
    solar_mj_m2: ArrayLike, brightness: ArrayLike, temperature_degc: ArrayLike, vapour_kpa: ArrayLike
) -> Values:
    """Return the net radiation Rn of an hour over grass [MJ/m2/h]; [1] eq 38 to 40 with the hourly constant.

    `brightness` is Rs / Rso of the hour; by night that of the last hours before sunset, as in the paper.
    """
    emitted = _STEFAN / 24.0 * (np.asarray(temperature_degc, np.float64) + KELVIN) ** 4
    return _net(solar_mj_m2, brightness, emitted, vapour_kpa)


def _net(solar_mj_m2: ArrayLike, brightness: ArrayLike, emitted: Values, vapour_kpa: ArrayLike) -> Values:
    bright = np.clip(np.asarray(brightness, np.float64), 0.3, 1.0)
    humid = 0.34 - 0.14 * np.sqrt(np.asarray(vapour_kpa, np.float64))
    return np.asarray((1.0 - _ALBEDO) * np.asarray(solar_mj_m2, np.float64) - emitted * humid * (1.35 * bright - 0.35))


def _geometry(latitude_deg: ArrayLike, day_of_year: ArrayLike) -> tuple[Values, Values, Values, Values]:
    """Return latitude, inverse relative distance, declination and sunset hour angle; angles in rad; [1] eq 22 to 25."""
    latitude = np.radians(within(latitude_deg, -90.0, 90.0))
    season = 2.0 * np.pi * within(day_of_year, 1.0, 366.0) / 365.0
    distance = np.asarray(1.0 + 0.033 * np.cos(season))
    declination = np.asarray(0.409 * np.sin(season - 1.39))
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1.0, 1.0))
    return latitude, distance, declination, np.asarray(sunset)


#: Psychrometric constant over pressure [kPa/degC per kPa]; [1] eq 8.
_PSYCHROMETRIC: Final = 0.665e-3
#: Energy that evaporates a millimetre from a square metre [MJ]; [1] eq 20, at 20 degC.
MJ_PER_MM: Final = 2.45
#: Heat flux into the soil, as a share of the net radiation, by day and by night; [1] eq 45 and 46.
_SOIL_BY_DAY, _SOIL_BY_NIGHT = 0.1, 0.5


def wind_at_2m_m_s(wind_m_s: ArrayLike, height_m: float) -> Values:
    """Return the wind at 2 m over grass from `wind_m_s` [m/s, 0..] measured at `height_m` [m, 0.5..]; [1] eq 47."""
    require("height_m", height_m, 0.5)
    return np.asarray(within(wind_m_s, 0.0, np.inf) * 4.87 / np.log(67.8 * height_m - 5.42))


def vapour_pressure_from_humidity_kpa(
    low_degc: ArrayLike, high_degc: ArrayLike, low_humidity_pct: ArrayLike, high_humidity_pct: ArrayLike
) -> Values:
    """Return the day's actual vapour pressure from its extremes [kPa]; [1] eq 17."""
    cold = saturation_vapour_pressure_kpa(low_degc) * np.asarray(high_humidity_pct, np.float64)
    warm = saturation_vapour_pressure_kpa(high_degc) * np.asarray(low_humidity_pct, np.float64)
    return np.asarray((cold + warm) / 200.0)


def et0_daily_mm(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    net_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
    soil_mj_m2: ArrayLike = 0.0,
) -> Values:
    """Return the reference evapotranspiration of a day [mm]; [1] eq 6, with the means of eq 9, 11 and 12."""
    low, high = np.asarray(low_degc, np.float64), np.asarray(high_degc, np.float64)
    saturated = (saturation_vapour_pressure_kpa(low) + saturation_vapour_pressure_kpa(high)) / 2.0
    energy = np.asarray(net_mj_m2, np.float64) - np.asarray(soil_mj_m2, np.float64)
    return penman_monteith_mm(
        (low + high) / 2.0, saturated, vapour_kpa, energy, wind_2m_m_s, altitude_m, numerator=900.0
    )


def et0_hourly_mm(
    temperature_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    net_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
) -> Values:
    """Return the reference evapotranspiration of an hour [mm]; [1] eq 53, soil heat by eq 45 and 46."""
    net = np.asarray(net_mj_m2, np.float64)
    energy = net * (1.0 - np.where(net > 0.0, _SOIL_BY_DAY, _SOIL_BY_NIGHT))
    saturated = saturation_vapour_pressure_kpa(temperature_degc)
    temperature = np.asarray(temperature_degc, np.float64)
    return penman_monteith_mm(temperature, saturated, vapour_kpa, energy, wind_2m_m_s, altitude_m, numerator=37.0)


def et0_from_weather_mm(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    vapour_kpa: ArrayLike,
    solar_mj_m2: ArrayLike,
    wind_2m_m_s: ArrayLike,
    *,
    latitude_deg: float,
    altitude_m: float,
    day_of_year: ArrayLike,
) -> Values:
    """Return the day's reference evapotranspiration [mm] from measured weather; [1] eq 6 with eq 21 and 37 to 40."""
    clear = clear_sky_mj_m2(extraterrestrial_daily_mj_m2(latitude_deg, day_of_year), altitude_m)
    net = net_daily_mj_m2(solar_mj_m2, clear, low_degc, high_degc, vapour_kpa)
    return et0_daily_mm(low_degc, high_degc, vapour_kpa, net, wind_2m_m_s, altitude_m)


def et_hargreaves_mm(low_degc: ArrayLike, high_degc: ArrayLike, extraterrestrial_mj_m2: ArrayLike) -> Values:
    """Return the reference evapotranspiration [mm] from temperatures alone; [1] eq 52, Ra as evaporation by eq 20."""
    low, high = np.asarray(low_degc, np.float64), np.asarray(high_degc, np.float64)
    top_mm = np.asarray(extraterrestrial_mj_m2, np.float64) / MJ_PER_MM
    return np.asarray(0.0023 * ((low + high) / 2.0 + 17.8) * np.sqrt(np.maximum(high - low, 0.0)) * top_mm)


def penman_monteith_mm(
    temperature: Values,
    saturated: Values,
    vapour_kpa: ArrayLike,
    energy: Values,
    wind_2m_m_s: ArrayLike,
    altitude_m: ArrayLike,
    *,
    numerator: float,
    wind_factor: ArrayLike = 0.34,
) -> Values:
    """Return the Penman-Monteith equation of a reference surface [mm]; [1] eq 6 and 53.

    For grass of 0.12 m `numerator` is 900 for a day and 37 for an hour, and `wind_factor` 0.34 s/m. `energy` is the net
    radiation less the heat flux into the soil [MJ/m2], `saturated` the saturation vapour pressure [kPa].
    """
    slope = saturation_slope_kpa_k(temperature)
    gamma = _PSYCHROMETRIC * air_pressure_kpa(altitude_m)
    wind = np.asarray(wind_2m_m_s, np.float64)
    deficit = saturated - np.asarray(vapour_kpa, np.float64)
    drying = gamma * numerator / (temperature + 273.0) * wind * deficit
    return np.asarray((0.408 * slope * energy + drying) / (slope + gamma * (1.0 + np.asarray(wind_factor) * wind)))


#: [3]: boundary layer and least stomatal resistance [s/m], density [kg/m3] and heat [J/kg/K] of air, latent heat
#: [J/kg], psychrometric constant [Pa/K].
_BOUNDARY_S_M, _STOMATA_S_M = 275.0, 82.0
_AIR_KG_M3, _AIR_J_KG_K, _LATENT_J_KG, _GAMMA_PA_K = 1.2, 1000.0, 2.45e6, 65.8
#: [3]: radiation [W/m2] at which stomata are half open, and the change from day to night; the factors of carbon
#: dioxide [1/ppm2] and of vapour [1/Pa2] by day and by night.
_RADIATION_W_M2: Final = (4.3, 0.54)
#: The largest offset of a radiation sensor in the dark, and a leaf area that is none.
_LEAST_OFFSET_W_M2, _NO_LEAF = -10.0, 1e-9
_DUSK_W_M2, _DUSK_SLOPE = 5.0, -1.0
_CO2_FACTOR: Final = (6.1e-7, 1.1e-11)
_VAPOUR_FACTOR: Final = (4.3e-6, 5.2e-6)


def saturation_pressure_pa(temperature_degc: ArrayLike) -> Values:
    """Return the saturation vapour pressure that the model was fitted with [Pa]; [3]."""
    t = np.asarray(temperature_degc, np.float64)
    return np.asarray(610.78 * np.exp(17.2694 * t / (t + 238.3)))


def stomatal_resistance_s_m(radiation_w_m2: ArrayLike, co2_ppm: ArrayLike, leaf_deficit_pa: ArrayLike) -> Values:
    """Return the stomatal resistance [s/m] by radiation on the canopy, CO2 and the leaf's vapour deficit; [3].

    Between day and night the factors change smoothly around 5 W/m2.
    """
    radiation = np.asarray(radiation_w_m2, np.float64)
    by_day = 1.0 / (1.0 + np.exp(_DUSK_SLOPE * (radiation - _DUSK_W_M2)))
    co2_factor, vapour_factor = (by_day * day + (1.0 - by_day) * night for day, night in (_CO2_FACTOR, _VAPOUR_FACTOR))
    light = (radiation + _RADIATION_W_M2[0]) / (radiation + _RADIATION_W_M2[1])
    co2 = np.minimum(1.0 + co2_factor * (np.asarray(co2_ppm, np.float64) - 200.0) ** 2, 1.5)
    vapour = np.minimum(1.0 + vapour_factor * np.asarray(leaf_deficit_pa, np.float64) ** 2, 5.8)
    return np.asarray(_STOMATA_S_M * light * co2 * vapour)


def transpiration_g_m2_h(
    canopy_degc: ArrayLike,
    air_degc: ArrayLike,
    relative_humidity_pct: ArrayLike,
    radiation_w_m2: ArrayLike,
    co2_ppm: ArrayLike,
    leaf_area_index: ArrayLike,
) -> Values:
    """Return the transpiration of a canopy per floor area [g/m2/h], below 0 where dew forms on it; [2], [3].

    `radiation_w_m2` [W/m2, -10..] is what reaches the canopy, below 0 a sensor's offset; `leaf_area_index` (0..20],
    `relative_humidity_pct` [%, 0..103]. Fitted on tomato in Dutch glasshouses.
    """
    saturated = saturation_pressure_pa(canopy_degc)
    humidity = np.minimum(within(relative_humidity_pct, 0.0, HIGH_HUMIDITY_PCT), 100.0)
    vapour = humidity / 100.0 * saturation_pressure_pa(air_degc)
    deficit = saturated - vapour
    radiation = np.maximum(within(radiation_w_m2, _LEAST_OFFSET_W_M2, np.inf), 0.0)
    resistance = _BOUNDARY_S_M + stomatal_resistance_s_m(radiation, co2_ppm, deficit)
    exchange = 2.0 * _AIR_KG_M3 * _AIR_J_KG_K * within(leaf_area_index, _NO_LEAF, 20.0)
    return np.asarray(exchange / (_LATENT_J_KG * _GAMMA_PA_K * resistance) * deficit * 3.6e6)
