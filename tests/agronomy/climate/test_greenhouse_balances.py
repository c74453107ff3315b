"""Transpiration, air exchange and irrigation against independently computed published parameters."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.evapotranspiration import (
    saturation_pressure_pa,
    stomatal_resistance_s_m,
    transpiration_g_m2_h,
)
from headland.agronomy.climate.exchange import (
    air_changes_by_decay_1_h,
    air_exchange_by_co2_m3_m2_h,
    air_exchange_by_vapour_m3_m2_h,
    co2_g_m3,
    condensed_g_m2_h,
    roof_vent_m3_m2_s,
)
from headland.agronomy.climate.irrigation import (
    MOST_IMBALANCE,
    charge_imbalance,
    charge_sums_meq_l,
    drain_share,
    drain_target,
    ec_at_25_ms_cm,
    ec_of_solution_ms_cm,
    trigger_j_cm2,
    uptake_ec_ms_cm,
    water_for_radiation,
)

#: Canopy and air degC, RH %, W/m2, ppm, LAI; stomatal resistance s/m, deficit Pa, g/m2/h.
STANGHELLINI = (
    (24, 24, 75, 250, 600, 3.0, 307.28768, 741.41679, 204.72356),
    (26, 24, 70, 450, 450, 3.0, 497.85271, 1263.547, 262.86797),
    (22, 20, 85, 100, 800, 2.5, 293.27011, 651.79076, 153.67922),
    (17, 18, 85, 0, 500, 3.0, 766.54967, 182.90111, 28.234453),
    (30, 32, 50, 500, 420, 2.0, 493.31975, 1852.94, 258.5063),
)


@pytest.mark.parametrize("row", STANGHELLINI)
def test_a_canopy_transpires_as_the_published_model(row: tuple[float, ...]) -> None:
    canopy, air, humidity, radiation, co2, lai, resistance, deficit_pa, expected = row
    deficit = saturation_pressure_pa(canopy) - humidity / 100 * saturation_pressure_pa(air)
    assert deficit == pytest.approx(deficit_pa, rel=1e-6)
    assert stomatal_resistance_s_m(radiation, co2, deficit_pa) == pytest.approx(resistance, rel=0.02)
    assert transpiration_g_m2_h(canopy, air, humidity, radiation, co2, lai) == pytest.approx(expected, rel=0.02)


def test_a_leaf_below_the_dew_point_becomes_wet() -> None:
    assert transpiration_g_m2_h(15.0, 20.0, 95.0, 0.0, 400.0, 3.0) < 0.0
    assert np.isnan(transpiration_g_m2_h([np.nan, 20.0], 20.0, 80.0, 100.0, 400.0, 3.0)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("ppm", "temperature", "expected"),
    [(400, 0, 0.78544675), (420, 25, 0.75556605), (1000, 25, 1.7989668), (400, 20, 0.7319)],
)
def test_parts_per_million_are_grams_by_the_gas_law(ppm: float, temperature: float, expected: float) -> None:
    assert co2_g_m3(ppm, temperature) == pytest.approx(expected, rel=2e-4)


def test_a_balance_of_carbon_dioxide_gives_the_air_exchange() -> None:
    inside, outside = (float(co2_g_m3(ppm, 22.0)) for ppm in (600.0, 420.0))
    assert air_exchange_by_co2_m3_m2_h(5.0, 3.0, 0.0, inside, outside, 0.05) == pytest.approx(6.1142, rel=2e-4)
    assert air_exchange_by_co2_m3_m2_h(5.0, 3.0, 0.0, inside, outside, 0.12) is None
    assert air_exchange_by_co2_m3_m2_h(2.0, 3.0, 0.0, inside, outside, 0.05) is None
    assert air_exchange_by_vapour_m3_m2_h(200.0, 20.0, 0.0, 15.0, 9.0, 0.5) == pytest.approx(30.0)


def test_a_tracers_decay_gives_the_air_changes() -> None:
    assert air_changes_by_decay_1_h(1200.0, 700.0, 420.0, 0.5) == pytest.approx(2.0490086)
    for first, last in ((700.0, 1200.0), (1200.0, 400.0)):
        assert air_changes_by_decay_1_h(first, last, 420.0, 0.5) is None


@pytest.mark.parametrize(
    ("opening", "inside", "outside", "wind", "expected"),
    [
        (0.2, 24, 15, 2, 0.0051009655),
        (0.5, 24, 15, 2, 0.012752414),
        (1.0, 28, 24, 0, 0.0079193716),
        (1.0, 28, 24, 4, 0.045691536),
    ],
)
def test_roof_vents_pass_what_the_published_equation_gives(
    opening: float, inside: float, outside: float, wind: float, expected: float
) -> None:
    found = roof_vent_m3_m2_s(opening, inside, outside, wind, vent_share=0.1, vent_height_m=0.68)
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_days_radiation_gives_its_water_need() -> None:
    found = water_for_radiation(1500.0, 0.3)
    assert (found.uptake_l_m2, found.irrigation_l_m2) == (pytest.approx(3.0), pytest.approx(4.2857, abs=1e-4))  # type: ignore[comparison-overlap]  # pytest's approx
    # 100 ml from each of 2.5 drippers a square metre, 30 % drain.
    assert trigger_j_cm2(0.25, 0.3) == pytest.approx(87.5)
    with pytest.raises(ValueError, match="from 0 to below 1"):
        water_for_radiation(1500.0, 1.0)


def test_target_drain_follows_radiation_and_drain_share_two_meters() -> None:
    assert [drain_target(j)[1] for j in (300.0, 700.0, 1200.0, 2400.0)] == [0.1, 0.2, 0.3, 0.4]
    # A season of the AGC tomatoes: 788.9 L/m2 given, 324.1 drained.
    assert drain_share(788.9, 324.1) == pytest.approx(0.411, abs=0.001)
    assert drain_share(0.0, 0.0) is None
    assert drain_share(1.0, 1.5) is None
    assert uptake_ec_ms_cm(10.0, 3.0, 3.0, 4.5) == pytest.approx(2.357, abs=0.001)
    assert uptake_ec_ms_cm(3.0, 3.0, 3.0, 4.5) is None


#: mmol/L; the sum of cations [meq/L] and the conductivity by Sonneveld.
RECIPES = (
    ({"NO3": 14, "NH4": 1, "H2PO4": 1, "K": 6, "Ca": 4, "Mg": 2, "SO4": 2}, 19.0, 1.995),
    ({"NO3": 12, "H2PO4": 1, "K": 7, "Ca": 4.5, "Mg": 2, "SO4": 3.5}, 20.0, 2.09),
    ({"NO3": 16, "NH4": 1.2, "H2PO4": 1.5, "K": 9.5, "Ca": 5.4, "Mg": 2.4, "SO4": 4.4}, 26.3, 2.6885),
)


@pytest.mark.parametrize(("recipe", "cations", "expected"), RECIPES)
def test_published_recipes_balance_and_conduct(recipe: dict[str, float], cations: float, expected: float) -> None:
    assert charge_sums_meq_l(recipe) == pytest.approx((cations, cations))
    assert charge_imbalance(recipe) == pytest.approx(0.0, abs=1e-9)
    assert ec_of_solution_ms_cm(recipe) == pytest.approx(expected)


def test_a_wrong_analysis_does_not_balance() -> None:
    found = charge_imbalance({**RECIPES[1][0], "Ca": 7.0})
    assert found is not None
    assert found > MOST_IMBALANCE
    assert charge_imbalance({}) is None
    with pytest.raises(ValueError, match="charge of Xx"):
        charge_sums_meq_l({"Xx": 1.0})


def test_conductivity_is_given_at_25_degrees() -> None:
    assert ec_at_25_ms_cm(2.0, 25.0) == 2.0
    assert ec_at_25_ms_cm(2.0, 20.0) == pytest.approx(2.210, abs=0.001)


def test_vapour_condenses_on_a_cover_below_the_dew_point_and_not_above() -> None:
    # 6.4e-9 kg/J/Pa * 1.86 * 8^(1/3) W/m2/K * 300 Pa * 3.6e6 g s/kg/h, with 300 Pa above the cover's saturation.
    cover_kpa = 0.6108 * np.exp(17.27 * 12.0 / (12.0 + 237.3))
    assert condensed_g_m2_h(20.0, cover_kpa + 0.3, 12.0) == pytest.approx(6.4e-9 * 1.86 * 2.0 * 300.0 * 3.6e6)
    assert condensed_g_m2_h(20.0, cover_kpa - 0.1, 12.0) == 0.0
