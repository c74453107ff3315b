from __future__ import annotations

import math
from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.air import co2_kg_m3, saturation_pa, vapour_kg_m3
from firmware_sim.greenhouse import (
    AIR_J_M2K,
    AIR_J_M3K,
    FLOOR_J_M2K,
    LATENT_J_KG,
    LEAF_BOUNDARY_S_M,
    PSYCHROMETRIC_PA_K,
    Climate,
    Setting,
    control,
    relative_humidity_pct,
    start_climate,
    step,
    stomata_s_m,
    ventilation_m_s,
)
from firmware_sim.house_scenario import HOUSES
from firmware_sim.weather import Outside, Weather

HOUSE = HOUSES["hubei-tomato"]


def make_outside(degc: float, pct: float, sun: float, wind: float) -> Outside:
    return Outside(degc, pct, vapour_kg_m3(saturation_pa(degc) * pct / 100, degc), sun, wind)


def make_climate(degc: float, pct: float, ppm: float, vent: float = 0.0, heating: float = 0.0) -> Climate:
    vapour = vapour_kg_m3(saturation_pa(degc) * pct / 100, degc)
    return Climate(degc, degc - 1, vapour, co2_kg_m3(ppm, degc), heating, vent, degc)


outsides = st.builds(make_outside, st.floats(-15, 42), st.floats(20, 98), st.floats(0, 1100), st.floats(0, 15))
climates = st.builds(
    make_climate, st.floats(-5, 50), st.floats(10, 100), st.floats(150, 2000), st.floats(0, 1), st.floats(0, 120)
)
unit = st.floats(0, 1)
choices = st.builds(Setting, unit, unit, unit)
houses = st.sampled_from(sorted(HOUSES.values(), key=lambda house: house.name))


@settings(max_examples=100, deadline=None)
@given(house=houses, climate=climates, outside=outsides, setting=choices, step_s=st.sampled_from([1.0, 20.0]))
def test_energy_water_and_carbon_close_in_every_step(
    house: object, climate: Climate, outside: Outside, setting: Setting, step_s: float
) -> None:
    scenario = HOUSES[house.name]  # type: ignore[attr-defined]  # hypothesis gives what `houses` holds
    after, flux = step(scenario, climate, outside, setting, step_s)
    into_air = flux.heating + flux.canopy_heat - flux.floor_heat - flux.ventilation_heat - flux.cover_heat
    into_floor = flux.absorbed_by_floor + flux.floor_heat - flux.soil_heat
    assert AIR_J_M2K * (after.air_degc - climate.air_degc) == pytest.approx(step_s * into_air, rel=1e-6, abs=1e-6)
    assert FLOOR_J_M2K * (after.floor_degc - climate.floor_degc) == pytest.approx(
        step_s * into_floor, rel=1e-6, abs=1e-6
    )
    assert flux.canopy_heat + LATENT_J_KG * flux.transpiration == pytest.approx(flux.absorbed_by_canopy, abs=1e-9)
    water = flux.transpiration - flux.condensation - flux.ventilation_vapour
    stored = scenario.height_m * (after.vapour_kg_m3 - climate.vapour_kg_m3)
    assert stored == pytest.approx(step_s * water, rel=1e-6, abs=1e-12)
    carbon = flux.injection - flux.assimilation - flux.ventilation_co2
    assert scenario.height_m * (after.co2_kg_m3 - climate.co2_kg_m3) == pytest.approx(
        step_s * carbon, rel=1e-6, abs=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(climate=climates, outside=outsides, setting=choices)
def test_the_air_never_holds_more_vapour_than_it_can(climate: Climate, outside: Outside, setting: Setting) -> None:
    after, flux = step(HOUSE, climate, outside, setting)
    assert relative_humidity_pct(after) <= 100 + 1e-9
    assert flux.condensation >= 0
    assert flux.transpiration >= 0
    assert all(math.isfinite(value) for value in astuple(after))


@settings(max_examples=60, deadline=None)
@given(
    outside=st.builds(make_outside, st.floats(-5, 20), st.floats(30, 90), st.just(0.0), st.floats(0.5, 8)),
    climate=st.builds(make_climate, st.floats(21, 35), st.floats(40, 90), st.floats(400, 800)),
    vents=st.tuples(unit, unit),
)
def test_more_vent_brings_the_air_closer_to_the_outside(
    outside: Outside, climate: Climate, vents: tuple[float, float]
) -> None:
    less, more = sorted(vents)
    gaps = []
    for vent in (less, more):
        after, _ = step(HOUSE, replace(climate, vent_open=vent), outside, Setting(0, vent, 0))
        gaps.append(abs(after.air_degc - outside.temperature_degc))
    assert gaps[1] <= gaps[0] + 1e-12


def test_an_unheated_house_goes_to_the_outside_by_night() -> None:
    outside = make_outside(HOUSE.mean_degc, 60, 0, 3)
    climate = make_climate(30, 60, 500, vent=1.0)
    for _ in range(24 * 3600 // 20):
        climate, _ = step(HOUSE, climate, outside, Setting(0, 1, 0), 20.0)
    assert climate.air_degc == pytest.approx(outside.temperature_degc, abs=0.5)


@pytest.mark.parametrize(("air", "out", "wind", "vent", "m_s"), [(24, 15, 2, 0.2, 0.005101), (28, 24, 4, 1.0, 0.04569)])
def test_roof_vents_let_through_what_vanthoors_equation_says(
    air: float, out: float, wind: float, vent: float, m_s: float
) -> None:
    house = replace(HOUSE, vent_area_ratio=0.1)
    leak = 1.0e-4 * wind
    assert ventilation_m_s(house, air, make_outside(out, 50, 0, wind), vent) - leak == pytest.approx(m_s, rel=1e-3)


def test_stomata_close_as_stanghellini_says() -> None:
    # 24 degrees, 75 %, 250 W/m2, 600 ppm: 307.3 s/m.
    assert stomata_s_m(250, 600, 0.25 * saturation_pa(24)) == pytest.approx(307.3, rel=0.01)


def test_a_canopy_transpires_what_its_resistances_let_through_from_the_leaf_it_has() -> None:
    air = make_climate(24, 75, 600)
    after, flux = step(HOUSE, air, make_outside(10, 60, 400, 1), Setting(0, 0, 0))
    deficit = 0.25 * saturation_pa(24)
    resistance = LEAF_BOUNDARY_S_M + stomata_s_m(400 * HOUSE.transmission, 600, deficit)
    conductance = 2 * HOUSE.leaf_area_index * AIR_J_M3K / (LATENT_J_KG * PSYCHROMETRIC_PA_K * resistance)
    expected = conductance * (saturation_pa(after.leaf_degc) - 0.75 * saturation_pa(24))
    assert flux.transpiration == pytest.approx(expected, rel=0.05)


def test_the_controller_heats_when_cold_and_vents_when_hot_or_moist() -> None:
    night = make_outside(2, 80, 0, 1)
    day = make_outside(20, 60, 500, 1)
    assert control(HOUSE, make_climate(12, 70, 500), night).heating == 1
    assert control(HOUSE, make_climate(25, 60, 500), night).heating == 0
    assert control(HOUSE, make_climate(30, 60, 500), day).vent == 1
    assert control(HOUSE, make_climate(21, 95, 500), day).vent > 0
    assert control(HOUSE, make_climate(21, 60, 400), day).injection == 1
    assert control(HOUSE, make_climate(21, 60, 400), night).injection == 0


@pytest.mark.parametrize("name", sorted(HOUSES))
@pytest.mark.parametrize("start_ms", [1_768_000_000_000, 1_784_000_000_000])
def test_a_day_of_any_house_stays_within_what_plants_and_people_see(name: str, start_ms: int) -> None:
    house = HOUSES[name]
    weather = Weather(house, 3)
    climate = start_climate(house, weather.at(start_ms))
    seen = []
    for second in range(0, 86_400, 20):
        outside = weather.at(start_ms + second * 1000)
        climate, _ = step(house, climate, outside, control(house, climate, outside), 20.0)
        seen.append(climate)
    assert all(-8 < state.air_degc < 50 for state in seen)
    assert all(20 < relative_humidity_pct(state) <= 100.0001 for state in seen)
    assert max(state.air_degc for state in seen) - min(state.air_degc for state in seen) > 1
