"""Canopy model: transpiration, leaf temperature, assimilation and respiration. Pure, on arrays.

Transpiration and stomata: Stanghellini (1987) as in Vanthoor (2011) eq 47-52. Assimilation and maintenance: van Henten
(1994, 2003). Fluxes are per square metre of floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.house_model.moist_air import AIR_J_M3K, Numbers, limit, saturation_pa, saturation_slope_pa_k

LATENT_J_KG: Final = 2.45e6
PSYCHROMETRIC_PA_K: Final = 65.8
LEAF_BOUNDARY_S_M: Final = 275.0
#: Long-wave exchange of a closed canopy with the cover, near that of black bodies at 10 degC.
_LONG_WAVE_W_M2K = 5.0
_CANOPY_M2_KG = 53.0
_NEWTON_STEPS = 4
_MIN_LEAF_AREA_INDEX, _MAX_LEAF_AREA_INDEX = 0.05, 6.0


@dataclass(frozen=True, slots=True)
class CanopyConditions:
    """Conditions around a canopy: `sun_w_m2` is the radiation on it, `sky_view` its share facing the cover."""

    air_degc: Numbers
    cover_degc: Numbers
    vapour_pa: Numbers
    co2_ppm: Numbers
    sun_w_m2: Numbers
    absorbed_w_m2: Numbers
    leaf_area_index: Numbers
    sky_view: Numbers
    stomata_ratio: Numbers


@dataclass(frozen=True, slots=True)
class Canopy:
    """A canopy in energy balance: absorbed radiation and heat from the cover equal its sensible and latent heat.

    `vapour_k` is its exchange of vapour per pascal between leaf and air.
    """

    leaf_degc: Numbers
    vapour_k: Numbers
    absorbed_w_m2: Numbers
    from_cover_w_m2: Numbers

    def transpiration_kg_m2s(self, vapour_pa: Numbers) -> Numbers:
        """Return the transpiration into air of a vapour pressure; negative is dew on the leaves."""
        return self.vapour_k * (saturation_pa(self.leaf_degc) - vapour_pa)

    def heat_w_m2(self, transpiration_kg_m2s: Numbers) -> Numbers:
        """Return the sensible heat to the air: what is absorbed and not transpired."""
        return self.absorbed_w_m2 + self.from_cover_w_m2 - LATENT_J_KG * transpiration_kg_m2s


def balance_canopy(around: CanopyConditions, start_degc: Numbers) -> Canopy:
    """Return the canopy at the leaf temperature of its energy balance, by Newton's method from a start value."""
    deficit_pa = np.maximum(0.0, saturation_pa(around.air_degc) - around.vapour_pa)
    stomata = around.stomata_ratio * stomata_s_m(around.sun_w_m2, around.co2_ppm, deficit_pa)
    vapour_k = vapour_exchange_kg_m2s_pa(around.leaf_area_index, stomata)
    heat_k = 2 * AIR_J_M3K * around.leaf_area_index / LEAF_BOUNDARY_S_M
    long_k = _LONG_WAVE_W_M2K * around.sky_view
    leaf = start_degc
    for _ in range(_NEWTON_STEPS):
        saturated_pa = saturation_pa(leaf)
        rest = (
            around.absorbed_w_m2
            + long_k * (around.cover_degc - leaf)
            - heat_k * (leaf - around.air_degc)
            - LATENT_J_KG * vapour_k * (saturated_pa - around.vapour_pa)
        )
        leaf = leaf + rest / (long_k + heat_k + LATENT_J_KG * vapour_k * saturation_slope_pa_k(leaf, saturated_pa))
    return Canopy(leaf, vapour_k, around.absorbed_w_m2, long_k * (around.cover_degc - leaf))


def stomata_s_m(sun_w_m2: Numbers, ppm: Numbers, deficit_pa: Numbers) -> Numbers:
    """Return the stomatal resistance: Vanthoor (2011) eq 49-52, with the vapour deficit of leaf or air."""
    by_day = sun_w_m2 > 5
    by_light = (sun_w_m2 + 4.3) / (sun_w_m2 + 0.54)
    by_co2 = np.minimum(1.5, 1 + np.where(by_day, 6.1e-7, 1.1e-11) * (ppm - 200) ** 2)
    by_vapour = np.minimum(5.8, 1 + np.where(by_day, 4.3e-6, 5.2e-6) * deficit_pa**2)
    return 82 * by_light * by_co2 * by_vapour


def vapour_exchange_kg_m2s_pa(leaf_area_index: Numbers, stomata: Numbers) -> Numbers:
    """Return the vapour exchange of a canopy per pascal of vapour pressure difference: Vanthoor (2011) eq 48."""
    resistance = PSYCHROMETRIC_PA_K * LATENT_J_KG * (LEAF_BOUNDARY_S_M + stomata)
    return 2 * AIR_J_M3K * leaf_area_index / resistance


def leaf_area_index(dry_weight_kg_m2: Numbers) -> Numbers:
    """Return the leaf area index of a crop, from van Henten's light interception 1 - exp(-53 X)."""
    return limit(_CANOPY_M2_KG * dry_weight_kg_m2 / 0.7, _MIN_LEAF_AREA_INDEX, _MAX_LEAF_AREA_INDEX)


def assimilation_kg_m2s(air_degc: Numbers, co2_kg_m3: Numbers, dry_weight_kg_m2: Numbers, light_w: Numbers) -> Numbers:
    """Return the gross uptake of carbon dioxide: van Henten (2003) eq 2, within 5 to 40 degC, where it is positive."""
    temperature = limit(air_degc, 5.0, 40.0)
    conductance = -5.11e-6 * temperature**2 + 2.3e-4 * temperature - 6.29e-4
    light = 3.55e-9 * light_w
    carbon = np.maximum(0.0, conductance * (co2_kg_m3 - 5.2e-5))
    return (1 - np.exp(-_CANOPY_M2_KG * dry_weight_kg_m2)) * light * carbon / np.maximum(1e-30, light + carbon)


def maintenance_kg_m2s(air_degc: Numbers, dry_weight_kg_m2: Numbers) -> Numbers:
    """Return the maintenance respiration of a crop as carbon dioxide: van Henten (2003) eq 2."""
    return 4.87e-7 * dry_weight_kg_m2 * 2 ** (0.1 * air_degc - 2.5)
