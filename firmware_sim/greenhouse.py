"""The climate of a greenhouse: balances of energy, vapour and carbon dioxide, and the controller. Pure.

A reduced form of Vanthoor's model (2011, Biosystems Engineering 110, 363-377, roof vent eq 65) with the canopy of
Stanghellini (1987, Transpiration of greenhouse crops): resistances rs and rb in the Penman-Monteith combination.
Assimilation is van Henten's (1994, 2003). All fluxes are per square metre of floor. It is plausible, not calibrated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from firmware_sim.air import (
    ZERO_DEGC_K,
    co2_kg_m3,
    co2_ppm,
    saturation_pa,
    saturation_slope_pa_k,
    vapour_kg_m3,
    vapour_pa,
)
from firmware_sim.house_scenario import HouseScenario
from firmware_sim.weather import Outside

STEP_S = 1.0
AIR_J_M2K = 16_000.0
FLOOR_J_M2K = 120_000.0
LATENT_J_KG = 2.45e6
AIR_J_M3K = 1_206.0
_FLOOR_EXCHANGE_W_M2K = 7.0
_SOIL_EXCHANGE_W_M2K = 2.0
PSYCHROMETRIC_PA_K = 65.8
LEAF_BOUNDARY_S_M = 275.0
_COVER_INSIDE_W_M2K = 7.0
_PIPE_LAG_S = 1_200.0
_VENT_TRAVEL_S = 300.0
_DISCHARGE, _WIND_EFFECT, _VENT_HEIGHT_M = 0.75, 0.09, 0.68
_LEAKAGE = 1.0e-4
_INJECTION_MAX_KG_M2S = 1.2e-6


@dataclass(frozen=True, slots=True)
class Climate:
    """The state: temperatures, vapour and carbon dioxide of the air, and where the actuators are."""

    air_degc: float
    floor_degc: float
    vapour_kg_m3: float
    co2_kg_m3: float
    heating_w_m2: float = 0.0
    vent_open: float = 0.0
    leaf_degc: float = 20.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What the controller asks for: heating 0..1 of the most, vent 0..1, carbon dioxide 0..1 of the most."""

    heating: float
    vent: float
    injection: float


@dataclass(frozen=True, slots=True)
class Fluxes:
    """What flowed in one step: W/m2 into the air and the floor, kg/(m2 s) of vapour and carbon dioxide.

    `condensation` is all the vapour that became water; its heat goes to the cover and is lost.
    """

    heating: float
    canopy_heat: float
    floor_heat: float
    ventilation_heat: float
    cover_heat: float
    absorbed_by_canopy: float
    absorbed_by_floor: float
    soil_heat: float
    transpiration: float
    condensation: float
    ventilation_vapour: float
    injection: float
    assimilation: float
    ventilation_co2: float


def control(scenario: HouseScenario, climate: Climate, outside: Outside) -> Setting:
    """Return the controller's answer: proportional bands around the set points, no integral part."""
    day = outside.radiation_w_m2 > 20
    set_point = scenario.day_degc if day else scenario.night_degc
    humidity = relative_humidity_pct(climate)
    by_heat = (climate.air_degc - scenario.vent_above_degc) / 5.0
    by_moisture = min(0.4, (humidity - scenario.vent_above_pct) / 20.0)
    if climate.air_degc < set_point - 2:
        by_moisture = 0.0
    vent = _unit(max(by_heat, by_moisture))
    lack = (scenario.co2_ppm - co2_ppm(climate.co2_kg_m3, climate.air_degc)) / 100.0
    injection = _unit(lack) if day and vent < 0.15 else 0.0
    return Setting(_unit((set_point + 1 - climate.air_degc) / 3.0), vent, injection)


def step(
    scenario: HouseScenario, climate: Climate, outside: Outside, setting: Setting, step_s: float = STEP_S
) -> tuple[Climate, Fluxes]:
    """Return the climate after `step_s` (at most 30 s, explicit Euler) and the fluxes that made it."""
    travel = step_s / _VENT_TRAVEL_S
    vent = climate.vent_open + max(-travel, min(travel, setting.vent - climate.vent_open))
    wanted_w = setting.heating * scenario.heating_max_w_m2
    heating = climate.heating_w_m2 + (wanted_w - climate.heating_w_m2) * min(1.0, step_s / _PIPE_LAG_S)
    air_m_s = ventilation_m_s(scenario, climate.air_degc, outside, vent)
    transpiration, canopy_heat, absorbed, leaf = _canopy(scenario, climate, outside)
    inside_w = outside.radiation_w_m2 * scenario.transmission
    gap_k = climate.air_degc - outside.temperature_degc
    to_floor = _FLOOR_EXCHANGE_W_M2K * (climate.air_degc - climate.floor_degc)
    to_soil = _SOIL_EXCHANGE_W_M2K * (climate.floor_degc - scenario.mean_degc)
    floor_sun = 0.6 * (inside_w - absorbed)
    ventilation = AIR_J_M3K * air_m_s * gap_k
    cover = scenario.cover_u_w_m2k * scenario.cover_ratio * gap_k
    air = climate.air_degc + step_s / AIR_J_M2K * (heating + canopy_heat - to_floor - ventilation - cover)
    floor = climate.floor_degc + step_s / FLOOR_J_M2K * (floor_sun + to_floor - to_soil)
    vapour_out = air_m_s * (climate.vapour_kg_m3 - outside.vapour_kg_m3)
    on_cover = _condensation(scenario, climate, outside)
    vapour = climate.vapour_kg_m3 + step_s / scenario.height_m * (transpiration - on_cover - vapour_out)
    most = vapour_kg_m3(saturation_pa(air), air)
    drip = max(0.0, vapour - most) * scenario.height_m / step_s
    injection = setting.injection * _INJECTION_MAX_KG_M2S
    assimilation = _assimilation(scenario, climate, inside_w)
    co2_out = air_m_s * (climate.co2_kg_m3 - co2_kg_m3(outside.co2_ppm, outside.temperature_degc))
    co2 = climate.co2_kg_m3 + step_s / scenario.height_m * (injection - assimilation - co2_out)
    after = Climate(air, floor, min(vapour, most), co2, heating, vent, leaf)
    return after, Fluxes(
        heating, canopy_heat, to_floor, ventilation, cover, absorbed, floor_sun, to_soil,
        transpiration, on_cover + drip, vapour_out, injection, assimilation, co2_out,
    )  # fmt: skip


def relative_humidity_pct(climate: Climate) -> float:
    """Return the relative humidity of the air, from the vapour state."""
    return 100 * vapour_pa(climate.vapour_kg_m3, climate.air_degc) / saturation_pa(climate.air_degc)


def ventilation_m_s(scenario: HouseScenario, air_degc: float, outside: Outside, vent: float) -> float:
    """Return the air exchanged, m3 per m2 of floor and second: Vanthoor (2011) eq 65 for roof vents, and leakage."""
    mean_k = (air_degc + outside.temperature_degc) / 2 + ZERO_DEGC_K
    buoyancy = 9.81 * _VENT_HEIGHT_M * max(0.0, air_degc - outside.temperature_degc) / (2 * mean_k)
    drive = math.sqrt(buoyancy + _WIND_EFFECT * outside.wind_m_s**2)
    return vent * scenario.vent_area_ratio * _DISCHARGE / 2 * drive + _LEAKAGE * max(outside.wind_m_s, 0.25)


def _canopy(scenario: HouseScenario, climate: Climate, outside: Outside) -> tuple[float, float, float, float]:
    """Return transpiration kg/(m2 s), sensible heat to the air W/m2, radiation absorbed W/m2 and leaf temperature.

    What the canopy absorbs leaves it as vapour or as heat, exactly.
    """
    inside_w = outside.radiation_w_m2 * scenario.transmission
    leaves = 2 * scenario.leaf_area_index
    absorbed = 0.75 * (1 - math.exp(-0.7 * scenario.leaf_area_index)) * inside_w
    air_degc = climate.air_degc
    deficit_pa = max(0.0, saturation_pa(air_degc) - vapour_pa(climate.vapour_kg_m3, air_degc))
    ppm = co2_ppm(climate.co2_kg_m3, air_degc)
    stomata = stomata_s_m(inside_w, ppm, deficit_pa)
    slope = saturation_slope_pa_k(air_degc)
    conductance = leaves * AIR_J_M3K / LEAF_BOUNDARY_S_M
    latent = (slope * absorbed + conductance * deficit_pa) / (
        slope + PSYCHROMETRIC_PA_K * (1 + stomata / LEAF_BOUNDARY_S_M)
    )
    heat = absorbed - latent
    return latent / LATENT_J_KG, heat, absorbed, air_degc + heat / conductance


def stomata_s_m(sun_w_m2: float, ppm: float, deficit_pa: float) -> float:
    """Return the resistance of the stomata, Stanghellini (1987) as in Vanthoor (2011) eq 49-52.

    `sun_w_m2` falls on the canopy, `deficit_pa` is the leaf's vapour deficit, here taken as the air's.
    """
    by_day = sun_w_m2 > 5
    by_light = (sun_w_m2 + 4.3) / (sun_w_m2 + 0.54)
    by_co2 = min(1.5, 1 + (6.1e-7 if by_day else 1.1e-11) * (ppm - 200) ** 2)
    by_vapour = min(5.8, 1 + (4.3e-6 if by_day else 5.2e-6) * deficit_pa**2)
    return 82 * by_light * by_co2 * by_vapour


def _condensation(scenario: HouseScenario, climate: Climate, outside: Outside) -> float:
    """Return what condenses on the cover, kg/(m2 s): 6.4e-9 h (e_air - e_cover), Vanthoor (2011)."""
    gap_k = climate.air_degc - outside.temperature_degc
    cover_degc = climate.air_degc - scenario.cover_u_w_m2k * gap_k / _COVER_INSIDE_W_M2K * 0.7
    excess_pa = vapour_pa(climate.vapour_kg_m3, climate.air_degc) - saturation_pa(cover_degc)
    exchange = 1.7 * scenario.cover_ratio * math.cbrt(abs(climate.air_degc - cover_degc))
    return 6.4e-9 * exchange * max(0.0, excess_pa)


def _assimilation(scenario: HouseScenario, climate: Climate, inside_w: float) -> float:
    """Return the net uptake of carbon dioxide, kg/(m2 s): van Henten (2003), less a dark respiration."""
    temperature = min(40.0, max(5.0, climate.air_degc))
    stomata_m_s = -5.11e-6 * temperature**2 + 2.3e-4 * temperature - 6.29e-4
    compensation = 5.2e-5 * 1.1
    light = 3.55e-9 * inside_w
    carbon = max(0.0, stomata_m_s * (climate.co2_kg_m3 - compensation))
    cover = 1 - math.exp(-0.7 * scenario.leaf_area_index)
    gross = cover * light * carbon / (light + carbon) if light > 0 and carbon > 0 else 0.0
    return gross - 6.0e-8 * 2 ** ((climate.air_degc - 25) / 10)


def start_climate(scenario: HouseScenario, outside: Outside) -> Climate:
    """Return a climate to start from: near the night's set point, moist, with the outside's carbon dioxide."""
    air = max(scenario.night_degc if scenario.heating_max_w_m2 else -60.0, outside.temperature_degc + 1)
    vapour = vapour_kg_m3(0.8 * saturation_pa(air), air)
    return Climate(air, air - 1, vapour, co2_kg_m3(outside.co2_ppm, air), leaf_degc=air)


def _unit(value: float) -> float:
    return max(0.0, min(1.0, value))
