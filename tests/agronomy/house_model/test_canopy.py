from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.house_model.canopy import (
    LATENT_J_KG,
    LEAF_BOUNDARY_S_M,
    CanopyConditions,
    assimilation_kg_m2s,
    balance_canopy,
    leaf_area_index,
    stomata_s_m,
    vapour_exchange_kg_m2s_pa,
)
from headland.agronomy.house_model.moist_air import AIR_J_M3K, saturation_pa


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


@pytest.mark.parametrize(
    ("deficit_pa", "sun", "ppm", "leaves", "stomata", "g_m2_h"),
    # Stanghellini's equations with the parameters of Vanthoor (2011), computed from GreenLight 2.0.5's constants.
    [
        (741.41679, 250, 600, 3, 307.28768, 204.72356),
        (1263.547, 450, 450, 3, 497.85271, 262.86797),
        (651.79076, 100, 800, 2.5, 293.27011, 153.67922),
        (182.90111, 0, 500, 3, 766.54967, 28.234453),
        (1852.94, 500, 420, 2, 493.31975, 258.5063),
    ],
)
def test_a_leaf_transpires_what_stanghellini_says(
    deficit_pa: float, sun: float, ppm: float, leaves: float, stomata: float, g_m2_h: float
) -> None:
    resistance = stomata_s_m(one(sun), one(ppm), one(deficit_pa))
    assert resistance[0] == pytest.approx(stomata, rel=1e-5)
    exchange = vapour_exchange_kg_m2s_pa(one(leaves), resistance)
    # The density of air times its heat is 1,206 J/(m3 K) here, 1,200 there.
    assert 3.6e6 * exchange[0] * deficit_pa == pytest.approx(g_m2_h * AIR_J_M3K / 1200, rel=1e-4)


def test_a_canopy_in_balance_gives_what_it_gets_through_its_own_resistances() -> None:
    around = CanopyConditions(
        one(24.0),
        one(20.0),
        one(0.7 * saturation_pa(24.0)),
        one(600.0),
        one(300.0),
        one(180.0),
        one(3.0),
        one(0.87),
        one(1.0),
    )
    canopy = balance_canopy(around, one(24.0))
    # Heat by the boundary layer alone, Vanthoor (2011): 2 rho cp LAI / rb (Tcan - Tair).
    heat = 2 * AIR_J_M3K * 3.0 / LEAF_BOUNDARY_S_M * (canopy.leaf_degc - 24.0)
    transpired = canopy.transpiration_kg_m2s(around.vapour_pa)
    assert canopy.heat_w_m2(transpired) == pytest.approx(heat, abs=1e-6)
    gained = canopy.absorbed_w_m2 + canopy.from_cover_w_m2
    assert gained == pytest.approx(canopy.heat_w_m2(transpired) + LATENT_J_KG * transpired)


def test_leaves_under_a_cold_cover_in_saturated_air_get_wet() -> None:
    around = CanopyConditions(
        one(10.0), one(2.0), one(saturation_pa(10.0)), one(500.0), one(0.0), one(0.0), one(3.0), one(0.9), one(1.0)
    )
    canopy = balance_canopy(around, one(10.0))
    assert canopy.leaf_degc[0] < 9.9
    assert canopy.transpiration_kg_m2s(one(saturation_pa(10.0)))[0] < 0


def test_a_crop_takes_up_more_in_more_light_and_none_in_the_dark() -> None:
    lights = np.array([0.0, 50.0, 200.0, 600.0])
    taken = assimilation_kg_m2s(np.full(4, 22.0), np.full(4, 1.2e-3), np.full(4, 0.05), lights)
    assert taken[0] == 0
    assert (np.diff(taken) > 0).all()
    assert leaf_area_index(one(0.0))[0] > 0
