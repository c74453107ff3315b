"""Climate controller of compartments: proportional bands, interlocks and the motion of actuators. Pure.

The bands are Katzin's (2020, GreenLight, Biosystems Engineering 194, eq 4): 1 / (1 + exp(-2/p ln 100 (x - sp - p/2))),
which is 1 % at the set point and 99 % one band `p` beyond it; a negative band acts below the set point.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.house_model.climate_model import relative_humidity_pct
from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import Numbers, co2_ppm, limit, saturation_pa, vapour_pa
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.quilt import roll, target_closed
from headland.agronomy.house_model.state import Actuators, Climate

Flags = NDArray[np.bool_]
#: Radiation from which on there is light outside: day, where none is declared.
_DAY_W_M2: Final = 20.0
_VENT_BAND_K, _HEAT_BAND_K, _MOISTURE_BAND_PCT, _FOG_BAND_PA = 5.0, -2.0, 15.0, 600.0
_VENT_BY_MOISTURE = 0.4
_FOG_ABOVE_PA = 1_500.0
_SCREEN_BELOW_DEGC, _SCREEN_GAP_ABOVE_PCT = 12.0, 93.0
_LAMPS_BELOW_W_M2 = 60.0
_DRY_PCT, _MOIST_PCT = 30.0, 36.0
#: Maximum vent opening in a storm and in rain, and the rain intensity for it.
_STORM_VENT, _RAIN_VENT, _RAIN_MM_H = 0.1, 0.2, 0.1
#: Travel times of vents and screens, dead band of vents, and time constants of the other actuators.
_VENT_TRAVEL_S, _SCREEN_TRAVEL_S, _VENT_DEAD_BAND = 300.0, 240.0, 0.02
_BOILER_LAG_S, _FOG_LAG_S, _INJECTION_LAG_S = 300.0, 30.0, 60.0


def control(structure: Structure, climate: Climate, now: Actuators, outside: Outside, clock_h: float) -> Actuators:
    """Return the target positions of the actuators, each 0 to 1, at an hour of the local clock."""
    light = outside.radiation_w_m2 > _DAY_W_M2
    day = is_day(structure, outside, clock_h)
    set_point = np.where(day, structure.day_degc, structure.night_degc)
    humidity = relative_humidity_pct(climate)
    saturated = saturation_pa(climate.air_degc)
    deficit_pa = saturated - vapour_pa(climate.vapour_kg_m3, climate.air_degc)
    by_moisture = _VENT_BY_MOISTURE * _band(humidity, structure.vent_above_pct, _MOISTURE_BAND_PCT)
    by_moisture = np.where(climate.air_degc < set_point - 2, 0.0, by_moisture)
    quilt = target_closed(
        structure.quilt_open_h, structure.quilt_close_h, clock_h, outside.radiation_w_m2, now.quilt
    ) * (structure.quilt_m2k_w > 0)
    vent = np.maximum(_band(climate.air_degc, structure.vent_above_degc, _VENT_BAND_K), by_moisture)
    lack = (structure.co2_ppm - co2_ppm(climate.co2_kg_m3, climate.air_degc)) / 100.0
    dryness = _band(deficit_pa, np.full_like(humidity, _FOG_ABOVE_PA), _FOG_BAND_PA)
    dull = outside.radiation_w_m2 < _LAMPS_BELOW_W_M2
    # A declared hour of the afternoon holds until midnight; no hour is at or after NaN.
    dark = np.where(clock_h >= structure.screen_close_h, 1.0, 0.0 if light else 1.0)
    closed = dark * (0.0 if outside.temperature_degc > _SCREEN_BELOW_DEGC else 1.0)
    # A top vent is below the quilt.
    vent = np.minimum(np.minimum(vent, _max_vent(structure, outside)), 1 - now.quilt)
    return Actuators(
        boiler=_band(climate.air_degc, set_point + 1.0, _HEAT_BAND_K),
        vent=vent,
        windward=vent,
        blackout=np.zeros_like(humidity),
        screen=np.where(humidity > _SCREEN_GAP_ABOVE_PCT, 0.95 * closed, closed) * (structure.screen_saving > 0),
        lamps=np.where(_is_declared(structure, clock_h) & dull & (structure.lamp_w_m2 > 0), 1.0, 0.0),
        fog=np.where(day & (structure.fog_max_kg_m2s > 0), dryness, 0.0),
        injection=np.where(day & (now.vent < 0.15), limit(lack, 0.0, 1.0), 0.0),
        irrigating=_irrigation_state(climate, now.irrigating),
        quilt=quilt,
    )


def is_day(structure: Structure, outside: Outside, clock_h: float) -> Flags:
    """Return where it is day: within the declared hours, or while there is light outside where none are declared."""
    light = outside.radiation_w_m2 > _DAY_W_M2
    return np.where(np.isnan(structure.day_from_h), light, _is_declared(structure, clock_h))


def move(now: Actuators, target: Actuators, step_s: float) -> Actuators:
    """Return the positions of the actuators after `step_s`: motors travel, valves are first-order lags."""
    return Actuators(
        boiler=_follow(now.boiler, target.boiler, _BOILER_LAG_S, step_s),
        vent=_open(now.vent, target.vent, step_s),
        windward=_open(now.windward, target.windward, step_s),
        blackout=now.blackout
        + limit(target.blackout - now.blackout, -step_s / _SCREEN_TRAVEL_S, step_s / _SCREEN_TRAVEL_S),
        screen=now.screen + limit(target.screen - now.screen, -step_s / _SCREEN_TRAVEL_S, step_s / _SCREEN_TRAVEL_S),
        lamps=target.lamps,
        fog=_follow(now.fog, target.fog, _FOG_LAG_S, step_s),
        injection=_follow(now.injection, target.injection, _INJECTION_LAG_S, step_s),
        irrigating=target.irrigating,
        quilt=roll(now.quilt, target.quilt, step_s),
    )


def _is_declared(structure: Structure, clock_h: float) -> Flags:
    """Return where the clock is within the declared day; nowhere without one."""
    return (clock_h - structure.day_from_h) % 24 < (structure.day_to_h - structure.day_from_h) % 24


def _open(now: Numbers, target: Numbers, step_s: float) -> Numbers:
    gap = target - now
    gap = np.where((np.abs(gap) < _VENT_DEAD_BAND) & (target > 0), 0.0, gap)
    return now + limit(gap, -step_s / _VENT_TRAVEL_S, step_s / _VENT_TRAVEL_S)


def _irrigation_state(climate: Climate, irrigating: Numbers) -> Numbers:
    """Return 1 where the irrigation runs: from dry until moist."""
    return np.where(climate.moisture_pct < _DRY_PCT, 1.0, np.where(climate.moisture_pct > _MOIST_PCT, 0.0, irrigating))


def _max_vent(structure: Structure, outside: Outside) -> Numbers:
    """Return the maximum opening of the vents in this wind and rain."""
    by_rain = _RAIN_VENT if outside.rain_mm_h > _RAIN_MM_H else 1.0
    return np.where(outside.wind_m_s > structure.storm_m_s, _STORM_VENT, by_rain)


def _band(value: Numbers, set_point: Numbers, band: float) -> Numbers:
    exponent = -2 / band * math.log(100) * (value - set_point - band / 2)
    output = 1 / (1 + np.exp(limit(exponent, -60.0, 60.0)))
    # A real controller turns off below 1 %.
    return np.where(output < 0.01, 0.0, output)


def _follow(now: Numbers, target: Numbers, lag_s: float, step_s: float) -> Numbers:
    return target + (now - target) * math.exp(-step_s / lag_s)
