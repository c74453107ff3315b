"""Climate model of compartments: balances of energy, vapour, carbon dioxide, crop and water. Pure, on arrays.

A reduced form of Vanthoor's model (2011, Biosystems Engineering 110, 363-377; roof vents eq 65, condensation on the
cover, heating pipes) with the canopy of Stanghellini (1987, Transpiration of greenhouse crops; Vanthoor eq 47-52) and
the assimilation and growth of van Henten (1994, 2003). All fluxes are per square metre of floor. It is plausible, not
calibrated.

Every exchange is computed once and used in both of its balances: each balance closes exactly. Losses and the exchange
with the outside are implicit, which is stable at steps up to `MAX_STEP_S` for any opening of the vents.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.house_model.canopy import (
    LATENT_J_KG,
    Canopy,
    CanopyConditions,
    assimilation_kg_m2s,
    balance_canopy,
    leaf_area_index,
    maintenance_kg_m2s,
)
from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import (
    AIR_J_M3K,
    ZERO_DEGC_K,
    Numbers,
    co2_kg_m3,
    co2_ppm,
    limit,
    saturation_pa,
    vapour_kg_m3,
    vapour_pa,
)
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.quilt import conductance_w_m2k
from headland.agronomy.house_model.solar_greenhouse import (
    START_DEGC,
    below_floor_degc,
    enclose,
    start_enclosure,
    wall_exchange_w_m2k,
    wall_surface_degc,
)
from headland.agronomy.house_model.state import Actuators, Climate, Fluxes

MAX_STEP_S: Final = 60.0
AIR_J_M2K: Final = 16_000.0
FLOOR_J_M2K: Final = 120_000.0
COVER_J_M2K: Final = 3_000.0
PIPE_J_M2K: Final = 3_000.0
#: Depth of the substrate, whose water content is the moisture.
SUBSTRATE_M: Final = 0.2
#: Discharge and wind coefficients of roof vents, and the leakage coefficient of the cover (Vanthoor 2011).
_DISCHARGE, _WIND_EFFECT = 0.75, 0.09
_LEAKAGE = 1.0e-4
_WATER_KG_M3 = 1000.0
_FLOOR_EXCHANGE_W_M2K = 7.0
_SOIL_EXCHANGE_W_M2K = 2.0
#: Ratio of the inside heat transfer of the cover to its U value; the outside is the remainder.
_INSIDE_OVER_U = 1.35
#: Heating pipes: Vanthoor's 1.99 pi d l |dT|^0.32 dT with 51 mm pipes of 1.875 m per m2.
_PIPE_W_M2K = 1.99 * np.pi * 0.051 * 1.875
_YIELD_KG_KG = 0.544
_GROWTH_RESPIRATION = 2.65e-7 / 4.87e-7
_FLOOR_ABSORBS = 0.6
_SOIL_HUMIDITY = 0.98
#: Soil respiration at 15 degC; it doubles with each ten kelvin.
_SOIL_RESPIRATION_KG_M2S = 1.0e-7
_LAMP_TO_AIR = 0.55
#: Photons per joule of a lamp (2.7 umol/J) relative to the sun (2.02 umol/J).
_LAMP_AS_SUN = 2.7 / 2.02
_IRRIGATION_KG_M2S = 2.0 / 3600
_FIELD_CAPACITY_PCT = 40.0
_DRAINAGE_1_S = 1.0 / 7200


def step(
    structure: Structure, climate: Climate, actuators: Actuators, outside: Outside, step_s: float
) -> tuple[Climate, Fluxes]:
    """Return the climate after `step_s` [s, up to `MAX_STEP_S`] and the fluxes of the step; ValueError beyond it."""
    if not 0 < step_s <= MAX_STEP_S:
        raise ValueError(f"A step of {step_s:g} s is not stable: make several of at most {MAX_STEP_S:g} s.")
    air_m_s = ventilation_m_s(structure, climate.air_degc, outside, actuators.vent)
    lamps_w = actuators.lamps * structure.lamp_w_m2
    canopy, light_w = _canopy(structure, climate, actuators, outside, lamps_w)
    pipe, boiler_to_pipe, pipe_to_air = _pipe(structure, climate, actuators, step_s)
    evaporation = _evaporation(structure, climate)
    floor, air_to_floor, sun_to_floor, floor_to_soil = _floor(
        structure, climate, canopy, light_w, lamps_w, outside, evaporation, step_s
    )
    fog = actuators.fog * structure.fog_max_kg_m2s
    inside_k = _INSIDE_OVER_U * structure.cover_u_w_m2k * structure.cover_ratio
    inside_k = inside_k * (1 - structure.screen_saving * actuators.screen)
    heat = pipe_to_air + canopy.heat_w_m2 + _LAMP_TO_AIR * lamps_w - air_to_floor - LATENT_J_KG * fog
    exchange, roof_k = AIR_J_M3K * air_m_s, structure.back_roof_w_m2k
    wall_k = wall_exchange_w_m2k(structure)
    ahead = AIR_J_M2K / step_s
    gained = ahead * climate.air_degc + heat + (exchange + roof_k) * outside.temperature_degc
    gained = gained + inside_k * climate.cover_degc + wall_k * wall_surface_degc(structure, climate)
    air = gained / (ahead + exchange + roof_k + inside_k + wall_k)
    air_to_cover = inside_k * (air - climate.cover_degc)
    moistened = canopy.transpiration_kg_m2s + evaporation + fog
    water, vapour = _vapour(structure, climate, outside, air, air_m_s, moistened, step_s)
    cover_heat = air_to_cover - canopy.from_cover_w_m2
    cover, to_outside, to_sky = _cover(structure, climate, actuators, outside, cover_heat, water[0], step_s)
    carbon, co2, dry_weight = _carbon(structure, climate, actuators, outside, light_w, lamps_w, air_m_s, step_s)
    irrigation, drainage, moisture = _substrate(climate, actuators, canopy.transpiration_kg_m2s, evaporation, step_s)
    around = enclose(structure, climate, actuators, outside, air, floor_to_soil, step_s)
    after = Climate(
        air, cover, floor, pipe, canopy.leaf_degc, vapour, co2, dry_weight, moisture,
        around.north_wall_degc, around.soil_degc,
    )  # fmt: skip
    return after, Fluxes(
        boiler_to_pipe, pipe_to_air, canopy.heat_w_m2, _LAMP_TO_AIR * lamps_w, air_to_floor,
        exchange * (air - outside.temperature_degc), air_to_cover, LATENT_J_KG * fog, canopy.absorbed_w_m2,
        canopy.from_cover_w_m2, to_outside, to_sky, sun_to_floor, floor_to_soil, canopy.transpiration_kg_m2s,
        evaporation, fog, water[0], water[1], *carbon, irrigation, drainage, air_m_s,
        around.air_to_wall, around.sun_to_wall, around.wall_to_outside, around.air_to_back_roof, around.soil_to_deep,
    )  # fmt: skip


def relative_humidity_pct(climate: Climate) -> Numbers:
    """Return the relative humidity of the air, from the vapour state."""
    return 100 * vapour_pa(climate.vapour_kg_m3, climate.air_degc) / saturation_pa(climate.air_degc)


def start_climate(structure: Structure, outside: Outside) -> Climate:
    """Return a start value: near the night set point, moist, with the outside carbon dioxide."""
    warm = np.where(structure.heating_max_w_m2 > 0, structure.night_degc, -60.0)
    warm = np.where(structure.north_wall_ratio > 0, START_DEGC, warm)
    air = np.maximum(warm, outside.temperature_degc + 1.0)
    cover = outside.temperature_degc + 0.3 * (air - outside.temperature_degc)
    vapour = vapour_kg_m3(0.8 * saturation_pa(air), air)
    ppm = np.full_like(air, outside.co2_ppm)
    dry = structure.leaf_area_index * 0.7 / 53.0
    return Climate(
        air,
        cover,
        air - 1.0,
        air.copy(),
        air.copy(),
        vapour,
        co2_kg_m3(ppm, air),
        dry,
        np.full_like(air, 34.0),
        *start_enclosure(structure, outside),
    )


def start_actuators(structure: Structure) -> Actuators:
    """Return all actuators closed and off."""
    return Actuators(*(np.zeros_like(structure.height_m) for _ in range(8)))


def _canopy(
    structure: Structure, climate: Climate, actuators: Actuators, outside: Outside, lamps_w: Numbers
) -> tuple[Canopy, Numbers]:
    """Return the canopy in balance with its surroundings, and the sun's radiation inside."""
    light_w = outside.radiation_w_m2 * structure.transmission * (1 - actuators.quilt)
    leaves = leaf_area_index(climate.dry_weight_kg_m2)
    closed = 1 - np.exp(-0.7 * leaves)
    surroundings = CanopyConditions(
        air_degc=climate.air_degc,
        cover_degc=climate.cover_degc,
        vapour_pa=vapour_pa(climate.vapour_kg_m3, climate.air_degc),
        co2_ppm=co2_ppm(climate.co2_kg_m3, climate.air_degc),
        sun_w_m2=light_w + lamps_w,
        absorbed_w_m2=closed * (0.75 * light_w + (1 - _LAMP_TO_AIR) * lamps_w),
        leaf_area_index=leaves,
        sky_view=closed,
    )
    return balance_canopy(surroundings, climate.leaf_degc), light_w


def _pipe(
    structure: Structure, climate: Climate, actuators: Actuators, step_s: float
) -> tuple[Numbers, Numbers, Numbers]:
    boiler = actuators.boiler * structure.heating_max_w_m2
    given = _PIPE_W_M2K * np.maximum(0.0, climate.pipe_degc - climate.air_degc) ** 1.32
    return climate.pipe_degc + step_s / PIPE_J_M2K * (boiler - given), boiler, given


def _floor(
    structure: Structure,
    climate: Climate,
    canopy: Canopy,
    light_w: Numbers,
    lamps_w: Numbers,
    outside: Outside,
    evaporation: Numbers,
    step_s: float,
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    to_floor = _FLOOR_EXCHANGE_W_M2K * (climate.air_degc - climate.floor_degc)
    to_soil = _SOIL_EXCHANGE_W_M2K * (climate.floor_degc - below_floor_degc(structure, climate, outside))
    past_canopy = light_w + (1 - _LAMP_TO_AIR) * lamps_w - canopy.absorbed_w_m2
    sun = _FLOOR_ABSORBS * np.maximum(0.0, past_canopy)
    gained = sun + to_floor - to_soil - LATENT_J_KG * evaporation
    return climate.floor_degc + step_s / FLOOR_J_M2K * gained, to_floor, sun, to_soil


def _evaporation(structure: Structure, climate: Climate) -> Numbers:
    """Return the evaporation of bare soil, like Vanthoor's condensation: 6.4e-9 h (e_floor - e_air), at least 0."""
    air_pa = vapour_pa(climate.vapour_kg_m3, climate.air_degc)
    wetness = limit((climate.moisture_pct - 10.0) / 20.0, 0.0, 1.0)
    deficit_pa = np.maximum(0.0, _SOIL_HUMIDITY * saturation_pa(climate.floor_degc) - air_pa)
    return 6.4e-9 * _FLOOR_EXCHANGE_W_M2K * structure.bare_soil * wetness * deficit_pa


def _vapour(
    structure: Structure,
    climate: Climate,
    outside: Outside,
    air: Numbers,
    air_m_s: Numbers,
    moistened: Numbers,
    step_s: float,
) -> tuple[tuple[Numbers, Numbers], Numbers]:
    """Return condensation, vapour loss to the outside, and the vapour after the step, at most saturated.

    On the cover condenses 6.4e-9 h (e_air - e_cover), Vanthoor (2011); what the air cannot hold condenses too.
    """
    excess_pa = vapour_pa(climate.vapour_kg_m3, climate.air_degc) - saturation_pa(climate.cover_degc)
    exchange = 1.7 * structure.cover_ratio * np.cbrt(np.abs(climate.air_degc - climate.cover_degc))
    on_cover = 6.4e-9 * exchange * np.maximum(0.0, excess_pa)
    ahead = structure.height_m / step_s
    gained = moistened - on_cover
    vapour = (ahead * climate.vapour_kg_m3 + gained + air_m_s * outside.vapour_kg_m3) / (ahead + air_m_s)
    held = np.minimum(vapour, vapour_kg_m3(saturation_pa(air), air))
    lost = air_m_s * (vapour - outside.vapour_kg_m3)
    return (on_cover + (vapour - held) * ahead, lost), held


def _cover(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    heat: Numbers,
    condensation: Numbers,
    step_s: float,
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the temperature of the cover and its losses to the outside air and to the sky, under a quilt or bare."""
    bare_k = structure.cover_u_w_m2k * structure.cover_ratio / (1 - 1 / _INSIDE_OVER_U)
    outside_k = conductance_w_m2k(bare_k, structure.cover_ratio, structure.quilt_m2k_w, actuators.quilt)
    # What the quilt's own surface loses to the sky is a loss of the cover in the ratio of the two conductances.
    to_sky = structure.cover_ratio * outside.sky_loss_w_m2 * outside_k / bare_k
    ahead = COVER_J_M2K / step_s
    gained = heat + LATENT_J_KG * condensation - to_sky
    cover = (ahead * climate.cover_degc + gained + outside_k * outside.temperature_degc) / (ahead + outside_k)
    return cover, outside_k * (cover - outside.temperature_degc), to_sky


def _carbon(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    light_w: Numbers,
    lamps_w: Numbers,
    air_m_s: Numbers,
    step_s: float,
) -> tuple[tuple[Numbers, Numbers, Numbers, Numbers, Numbers], Numbers, Numbers]:
    """Return injection, assimilation, respiration of crop and soil, and loss; then carbon dioxide and dry weight."""
    injection = actuators.injection * structure.injection_max_kg_m2s
    light = light_w + _LAMP_AS_SUN * lamps_w
    assimilation = assimilation_kg_m2s(climate.air_degc, climate.co2_kg_m3, climate.dry_weight_kg_m2, light)
    respiration = maintenance_kg_m2s(climate.air_degc, climate.dry_weight_kg_m2)
    there = np.full_like(climate.air_degc, outside.co2_ppm)
    there = co2_kg_m3(there, np.full_like(there, outside.temperature_degc))
    ahead = structure.height_m / step_s
    soil = _SOIL_RESPIRATION_KG_M2S * 2 ** ((climate.floor_degc - 15.0) / 10)
    gained = injection - assimilation + respiration + soil
    co2 = (ahead * climate.co2_kg_m3 + gained + air_m_s * there) / (ahead + air_m_s)
    grown = _YIELD_KG_KG * assimilation - _GROWTH_RESPIRATION * respiration
    dry_weight = climate.dry_weight_kg_m2 + step_s * grown
    return (injection, assimilation, respiration, soil, air_m_s * (co2 - there)), co2, dry_weight


def _substrate(
    climate: Climate, actuators: Actuators, transpiration: Numbers, evaporation: Numbers, step_s: float
) -> tuple[Numbers, Numbers, Numbers]:
    """Return irrigation, drainage, and the moisture after them and after transpiration and evaporation."""
    water = SUBSTRATE_M * _WATER_KG_M3 / 100
    irrigation = actuators.irrigating * _IRRIGATION_KG_M2S
    drainage = _DRAINAGE_1_S * water * np.maximum(0.0, climate.moisture_pct - _FIELD_CAPACITY_PCT)
    taken = np.maximum(0.0, transpiration) + evaporation
    return irrigation, drainage, climate.moisture_pct + step_s / water * (irrigation - drainage - taken)


def ventilation_m_s(structure: Structure, air_degc: Numbers, outside: Outside, vent: Numbers) -> Numbers:
    """Return the air exchange, m3 per m2 of floor and second: Vanthoor (2011) eq 65 for roof vents, and leakage."""
    mean_k = (air_degc + outside.temperature_degc) / 2 + ZERO_DEGC_K
    warmer_k = np.maximum(0.0, air_degc - outside.temperature_degc)
    buoyancy = 9.81 * structure.vent_height_m * warmer_k / (2 * mean_k)
    drive = np.sqrt(buoyancy + _WIND_EFFECT * outside.wind_m_s**2)
    return vent * structure.vent_area_ratio * _DISCHARGE / 2 * drive + _LEAKAGE * max(outside.wind_m_s, 0.25)
