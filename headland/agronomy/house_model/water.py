"""Water of a compartment: vapour of the air, evaporation of the soil, and the substrate. Pure, on arrays."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.house_model.canopy import Canopy
from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import Numbers, limit, saturation_pa, vapour_kg_m3, vapour_pa
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators, Climate

#: Depth of the substrate, whose water content is the moisture.
SUBSTRATE_M: Final = 0.2
_WATER_KG_M3 = 1000.0
_SOIL_HUMIDITY = 0.98
_IRRIGATION_KG_M2S = 2.0 / 3600
_FIELD_CAPACITY_PCT = 40.0
_DRAINAGE_1_S = 1.0 / 7200


def evaporation_kg_m2s(structure: Structure, climate: Climate) -> Numbers:
    """Return the evaporation of bare soil, like Vanthoor's condensation: 6.4e-9 h (e_floor - e_air), at least 0."""
    air_pa = vapour_pa(climate.vapour_kg_m3, climate.air_degc)
    wetness = limit((climate.moisture_pct - 10.0) / 20.0, 0.0, 1.0)
    deficit_pa = np.maximum(0.0, _SOIL_HUMIDITY * saturation_pa(climate.floor_degc) - air_pa)
    return 6.4e-9 * structure.floor_w_m2k * structure.bare_soil * wetness * deficit_pa


def vapour_after(
    structure: Structure,
    climate: Climate,
    outside: Outside,
    canopy: Canopy,
    moistened: Numbers,
    air_m_s: Numbers,
    below_s_m: Numbers,
    step_s: float,
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return transpiration, condensation on the cover, vapour loss to the outside, and the vapour after the step.

    On the cover condenses 6.4e-9 h (e_air - e_cover), Vanthoor (2011). All three are implicit.
    """
    per_kg = vapour_pa(np.ones_like(climate.air_degc), climate.air_degc)
    saturated = vapour_kg_m3(saturation_pa(climate.cover_degc), climate.air_degc)
    exchange = 1.7 * structure.cover_ratio * np.cbrt(np.abs(climate.air_degc - climate.cover_degc))
    cover_m_s, leaf_m_s = 6.4e-9 * exchange * per_kg, canopy.vapour_k * per_kg
    cover_m_s = cover_m_s / (1 + cover_m_s * below_s_m)
    ahead = structure.height_m / step_s
    gained = moistened + canopy.vapour_k * saturation_pa(canopy.leaf_degc) + air_m_s * outside.vapour_kg_m3
    gained = gained + ahead * climate.vapour_kg_m3
    losing = ahead + air_m_s + leaf_m_s
    dry = gained / losing
    # Where the air would be moister than the cover holds, some of the vapour condenses; not all of the difference.
    vapour = np.where(dry > saturated, (gained + cover_m_s * saturated) / (losing + cover_m_s), dry)
    on_cover = cover_m_s * np.maximum(0.0, vapour - saturated)
    transpiration = canopy.transpiration_kg_m2s(per_kg * vapour)
    return transpiration, on_cover, air_m_s * (vapour - outside.vapour_kg_m3), vapour


def substrate_after(
    climate: Climate, actuators: Actuators, transpiration: Numbers, evaporation: Numbers, step_s: float
) -> tuple[Numbers, Numbers, Numbers]:
    """Return irrigation, drainage, and the moisture after them and after transpiration and evaporation."""
    water = SUBSTRATE_M * _WATER_KG_M3 / 100
    irrigation = actuators.irrigating * _IRRIGATION_KG_M2S
    drainage = _DRAINAGE_1_S * water * np.maximum(0.0, climate.moisture_pct - _FIELD_CAPACITY_PCT)
    taken = np.maximum(0.0, transpiration) + evaporation
    return irrigation, drainage, climate.moisture_pct + step_s / water * (irrigation - drainage - taken)
