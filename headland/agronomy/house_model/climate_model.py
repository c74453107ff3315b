"""Climate model of compartments: balances of energy, vapour, carbon dioxide, crop and water. Pure, on arrays.

A reduced form of Vanthoor's model (2011, Biosystems Engineering 110, 363-377; roof vents eq 65, condensation on the
cover, heating pipes) with the canopy of Stanghellini (1987, Transpiration of greenhouse crops; Vanthoor eq 47-52) and
the assimilation and growth of van Henten (1994, 2003). All fluxes are per square metre of floor. It is plausible; a
fit to a measured house makes it that house's (`parameters`).

Every exchange is computed once and used in both of its balances: each balance closes exactly. Vapour, and air and cover
together, are implicit, which is stable at steps up to `MAX_STEP_S` for any opening of the vents.
"""

from __future__ import annotations

from dataclasses import fields
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
    Numbers,
    co2_kg_m3,
    co2_ppm,
    saturation_pa,
    vapour_kg_m3,
    vapour_pa,
)
from headland.agronomy.house_model.openings import light_w_m2, open_share_of, screens_s_m, ventilation_m_s
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
from headland.agronomy.house_model.state import NOTHING_KNOWN, Actuators, Climate, Fluxes, KnownInside
from headland.agronomy.house_model.water import evaporation_kg_m2s, substrate_after, vapour_after

MAX_STEP_S: Final = 300.0
FLOOR_J_M2K: Final = 120_000.0
COVER_J_M2K: Final = 3_000.0
PIPE_J_M2K: Final = 3_000.0
#: Ratio of the inside heat transfer of the cover to its U value; the outside is the remainder.
_INSIDE_OVER_U = 1.35
_YIELD_KG_KG = 0.544
_GROWTH_RESPIRATION = 2.65e-7 / 4.87e-7
_FLOOR_ABSORBS = 0.6
#: Soil respiration at 15 degC; it doubles with each ten kelvin.
_SOIL_RESPIRATION_KG_M2S = 1.0e-7
_LAMP_TO_AIR = 0.55
#: Photons (PAR) per joule of sunlight.
SUN_UMOL_J: Final = 2.02


def step(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    step_s: float,
    given: KnownInside = NOTHING_KNOWN,
) -> tuple[Climate, Fluxes]:
    """Return the climate after `step_s` [s, up to `MAX_STEP_S`] and the fluxes of the step; ValueError beyond it."""
    if not 0 < step_s <= MAX_STEP_S:
        raise ValueError(f"A step of {step_s:g} s is not stable: make several of at most {MAX_STEP_S:g} s.")
    below_s_m = screens_s_m(structure, climate, actuators)
    air_m_s = ventilation_m_s(structure, climate.air_degc, outside, actuators, below_s_m)
    lamps_w = actuators.lamps * structure.lamp_w_m2
    if given.lamp_umol_m2_s is not None:
        lamps_w = given.lamp_umol_m2_s / structure.lamp_umol_j
    open_share = open_share_of(structure, actuators)
    canopy, light_w = _canopy(structure, climate, actuators, outside, lamps_w, open_share)
    pipe, boiler_to_pipe, pipe_to_air = _pipe(structure, climate, actuators, step_s, given.pipe_degc)
    evaporation = evaporation_kg_m2s(structure, climate)
    floor, air_to_floor, sun_to_floor, floor_to_soil = _floor(
        structure, climate, canopy, light_w, lamps_w, outside, evaporation, step_s
    )
    fog = actuators.fog * structure.fog_max_kg_m2s
    transpiration, on_cover, lost, vapour = vapour_after(
        structure, climate, outside, canopy, evaporation + fog, air_m_s, below_s_m, step_s
    )
    canopy_heat, sun_to_air = canopy.heat_w_m2(transpiration), structure.sun_to_air * light_w
    heat = pipe_to_air + canopy_heat + _LAMP_TO_AIR * lamps_w + sun_to_air - air_to_floor - LATENT_J_KG * fog
    to_cover = LATENT_J_KG * on_cover - canopy.from_cover_w_m2
    exchange = AIR_J_M3K * air_m_s
    air, cover, air_to_cover, to_outside, to_sky = _air_and_cover(
        structure, climate, actuators, outside, heat, to_cover, exchange, open_share, step_s
    )
    # What the air cannot hold condenses on the cover too; the warmer cover then cools the air less.
    excess = _excess(structure, vapour, air, step_s)
    if excess.any():
        foreseen = excess
        air, cover, air_to_cover, to_outside, to_sky = _air_and_cover(
            structure,
            climate,
            actuators,
            outside,
            heat,
            to_cover + LATENT_J_KG * foreseen,
            exchange,
            open_share,
            step_s,
        )
        excess = _excess(structure, vapour, air, step_s)
        cover = cover + LATENT_J_KG * (excess - foreseen) * step_s / COVER_J_M2K
    held = vapour - excess * step_s / structure.height_m
    carbon, co2, dry_weight = _carbon(
        structure, climate, actuators, outside, light_w, lamps_w, air_m_s, step_s, given.co2_ppm
    )
    irrigation, drainage, moisture = substrate_after(climate, actuators, transpiration, evaporation, step_s)
    around = enclose(structure, climate, actuators, outside, air, floor_to_soil, step_s)
    after = Climate(
        air, cover, floor, pipe, canopy.leaf_degc, held, co2, dry_weight, moisture,
        around.north_wall_degc, around.soil_degc,
    )  # fmt: skip
    return after, Fluxes(
        boiler_to_pipe, pipe_to_air, canopy_heat, _LAMP_TO_AIR * lamps_w, sun_to_air,
        structure.wall_w_m2k * (air - structure.wall_degc), air_to_floor,
        exchange * (air - outside.temperature_degc), air_to_cover, LATENT_J_KG * fog, canopy.absorbed_w_m2,
        canopy.from_cover_w_m2, to_outside, to_sky, sun_to_floor, floor_to_soil, transpiration,
        evaporation, fog, on_cover + excess, lost, *carbon, irrigation, drainage, air_m_s,
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
        air, cover, air - 1.0, air.copy(), air.copy(), vapour, co2_kg_m3(ppm, air), dry, np.full_like(air, 34.0),
        *start_enclosure(structure, outside),
    )  # fmt: skip


def start_actuators(structure: Structure) -> Actuators:
    """Return all actuators closed and off."""
    return Actuators(*(np.zeros_like(structure.height_m) for _ in fields(Actuators)))


def _canopy(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    lamps_w: Numbers,
    open_share: Numbers,
) -> tuple[Canopy, Numbers]:
    """Return the canopy in balance with its surroundings, and the sun's radiation inside."""
    light_w = light_w_m2(structure, actuators, outside)
    leaves = leaf_area_index(climate.dry_weight_kg_m2)
    closed = 1 - np.exp(-0.7 * leaves)
    surroundings = CanopyConditions(
        air_degc=climate.air_degc,
        cover_degc=climate.cover_degc,
        vapour_pa=vapour_pa(climate.vapour_kg_m3, climate.air_degc),
        co2_ppm=co2_ppm(climate.co2_kg_m3, climate.air_degc),
        sun_w_m2=light_w + lamps_w,
        absorbed_w_m2=closed * (0.75 * (1 - structure.sun_to_air) * light_w + (1 - _LAMP_TO_AIR) * lamps_w),
        leaf_area_index=leaves,
        sky_view=closed * open_share,
        stomata_ratio=structure.stomata_ratio,
    )
    return balance_canopy(surroundings, climate.leaf_degc), light_w


def _pipe(
    structure: Structure, climate: Climate, actuators: Actuators, step_s: float, measured_degc: Numbers | None
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the pipe's temperature, the heat it takes and gives; a measured one takes what its course needs."""
    pipe = climate.pipe_degc if measured_degc is None else measured_degc
    given = structure.pipe_w_m2k * np.maximum(0.0, pipe - climate.air_degc) ** 1.32
    if measured_degc is not None:
        return measured_degc, given + PIPE_J_M2K / step_s * (measured_degc - climate.pipe_degc), given
    boiler = actuators.boiler * structure.heating_max_w_m2
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
    to_floor = structure.floor_w_m2k * (climate.air_degc - climate.floor_degc)
    to_soil = structure.soil_w_m2k * (climate.floor_degc - below_floor_degc(structure, climate, outside))
    past_canopy = (1 - structure.sun_to_air) * light_w + (1 - _LAMP_TO_AIR) * lamps_w - canopy.absorbed_w_m2
    sun = _FLOOR_ABSORBS * np.maximum(0.0, past_canopy)
    gained = sun + to_floor - to_soil - LATENT_J_KG * evaporation
    return climate.floor_degc + step_s / FLOOR_J_M2K * gained, to_floor, sun, to_soil


def _excess(structure: Structure, vapour: Numbers, air: Numbers, step_s: float) -> Numbers:
    """Return the rate at which air must lose vapour to be saturated, 0 where it is not."""
    return np.maximum(0.0, vapour - vapour_kg_m3(saturation_pa(air), air)) * structure.height_m / step_s


def _air_and_cover(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    heat: Numbers,
    to_cover: Numbers,
    exchange: Numbers,
    open_share: Numbers,
    step_s: float,
) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Return the temperatures of air and cover, solved together, and the cover's exchange with air, outside and sky."""
    cover_k = structure.cover_u_w_m2k * structure.cover_ratio
    inside_k, bare_k = _INSIDE_OVER_U * cover_k * open_share, cover_k / (1 - 1 / _INSIDE_OVER_U)
    outside_k = conductance_w_m2k(bare_k, structure.cover_ratio, structure.quilt_m2k_w, actuators.quilt)
    # What the quilt's own surface loses to the sky is a loss of the cover in the ratio of the two conductances.
    to_sky = structure.cover_ratio * outside.sky_loss_w_m2 * outside_k / bare_k
    ahead, cover_ahead = structure.air_j_m2k / step_s, COVER_J_M2K / step_s
    known = cover_ahead * climate.cover_degc + to_cover - to_sky + outside_k * outside.temperature_degc
    all_k = cover_ahead + inside_k + outside_k
    out_k, north_k = exchange + structure.back_roof_w_m2k, wall_exchange_w_m2k(structure)
    gained = ahead * climate.air_degc + heat + out_k * outside.temperature_degc
    gained = gained + structure.wall_w_m2k * structure.wall_degc + north_k * wall_surface_degc(structure, climate)
    losing = ahead + out_k + structure.wall_w_m2k + north_k + inside_k
    air = (gained + inside_k * known / all_k) / (losing - inside_k**2 / all_k)
    cover = (known + inside_k * air) / all_k
    return air, cover, inside_k * (air - cover), outside_k * (cover - outside.temperature_degc), to_sky


def _carbon(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    outside: Outside,
    light_w: Numbers,
    lamps_w: Numbers,
    air_m_s: Numbers,
    step_s: float,
    measured_ppm: Numbers | None,
) -> tuple[tuple[Numbers, Numbers, Numbers, Numbers, Numbers], Numbers, Numbers]:
    """Return injection, assimilation, respiration of crop and soil, and loss; then carbon dioxide and dry weight."""
    injection = actuators.injection * structure.injection_max_kg_m2s
    light = light_w + structure.lamp_umol_j / SUN_UMOL_J * lamps_w
    assimilation = assimilation_kg_m2s(climate.air_degc, climate.co2_kg_m3, climate.dry_weight_kg_m2, light)
    respiration = maintenance_kg_m2s(climate.air_degc, climate.dry_weight_kg_m2)
    there = np.full_like(climate.air_degc, outside.co2_ppm)
    there = co2_kg_m3(there, np.full_like(there, outside.temperature_degc))
    ahead = structure.height_m / step_s
    soil = _SOIL_RESPIRATION_KG_M2S * 2 ** ((climate.floor_degc - 15.0) / 10)
    gained = respiration + soil - assimilation
    if measured_ppm is None:
        co2 = (ahead * climate.co2_kg_m3 + injection + gained + air_m_s * there) / (ahead + air_m_s)
    else:
        co2 = co2_kg_m3(measured_ppm, climate.air_degc)
        injection = ahead * (co2 - climate.co2_kg_m3) - gained + air_m_s * (co2 - there)
    grown = _YIELD_KG_KG * assimilation - _GROWTH_RESPIRATION * respiration
    dry_weight = climate.dry_weight_kg_m2 + step_s * structure.growth_ratio * grown
    return (injection, assimilation, respiration, soil, air_m_s * (co2 - there)), co2, dry_weight
