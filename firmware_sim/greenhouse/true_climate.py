"""True values of every compartment, by channel. Pure, on arrays."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.house_model.climate_model import SUN_UMOL_J
from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import (
    Numbers,
    co2_ppm,
    dew_point_degc,
    saturation_pa,
    vapour_kg_m3,
    vapour_pa,
)
from headland.agronomy.house_model.openings import light_w_m2
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators, Climate, Fluxes

#: Height of the roof sensor above the middle one.
_ROOF_ABOVE_M = 2.0

TRUTH_COLUMNS: Final = (
    "air_temperature_degc",
    "relative_humidity_pct",
    "vpd_kpa",
    "dew_point_degc",
    "humidity_deficit_g_m3",
    "co2_ppm",
    "leaf_temperature_degc",
    "par_umol_m2_s",
    "outside_temperature_degc",
    "outside_humidity_pct",
    "global_radiation_w_m2",
    "wind_speed_m_s",
    "vent_open_pct",
    "heating_power_w_m2",
    "cover_temperature_degc",
    "soil_temperature_degc",
    "substrate_moisture_pct",
    "screen_closed_pct",
    "fogging_pct",
    "lamp_power_w_m2",
    "air_temperature_degc:1",
    "relative_humidity_pct:1",
    "air_temperature_degc:2",
    "rain_mm_h",
    "transpiration_g_m2_h",
    "condensation_g_m2_h",
    "air_changes_1_h",
    "leaf_condensation_margin_k",
    "cover_condensation_margin_k",
)


def true_climate(
    structure: Structure,
    climate: Climate,
    actuators: Actuators,
    fluxes: Fluxes,
    outside: Outside,
    wander: tuple[float, float],
) -> dict[str, Numbers]:
    """Return the true values by the names of `TRUTH_COLUMNS`, from the vapour state and Buck's saturation.

    The edge is closer to the outside temperature and the roof warmer than the middle, by amounts that vary with
    `wander`; the vapour content is the same everywhere.
    """
    air = climate.air_degc
    saturated_pa = saturation_pa(air)
    actual_pa = vapour_pa(climate.vapour_kg_m3, air)
    dew = dew_point_degc(actual_pa)
    edge = air - structure.edge_share * (1 + wander[0]) * (air - outside.temperature_degc)
    lamps_w = actuators.lamps * structure.lamp_w_m2
    everywhere = np.ones_like(air)
    values = (
        air,
        100 * actual_pa / saturated_pa,
        (saturated_pa - actual_pa) / 1000,
        dew,
        1000 * (vapour_kg_m3(saturated_pa, air) - climate.vapour_kg_m3),
        co2_ppm(climate.co2_kg_m3, air),
        climate.leaf_degc,
        light_w_m2(structure, actuators, outside) * SUN_UMOL_J + lamps_w * structure.lamp_umol_j,
        outside.temperature_degc * everywhere,
        outside.humidity_pct * everywhere,
        outside.radiation_w_m2 * everywhere,
        outside.wind_m_s * everywhere,
        100 * actuators.vent,
        fluxes.pipe_to_air,
        climate.cover_degc,
        climate.floor_degc,
        climate.moisture_pct,
        100 * actuators.screen,
        100 * actuators.fog,
        lamps_w,
        edge,
        np.minimum(100.0, 100 * actual_pa / saturation_pa(edge)),
        air + structure.height_gradient_k_m * _ROOF_ABOVE_M * (1 + wander[1]),
        outside.rain_mm_h * everywhere,
        3.6e6 * fluxes.transpiration,
        3.6e6 * fluxes.condensation,
        3600 * fluxes.air_m_s / structure.height_m,
        climate.leaf_degc - dew,
        climate.cover_degc - dew,
    )
    return dict(zip(TRUTH_COLUMNS, values, strict=True))
