from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.greenhouse.house import STABLE_STEP_S
from firmware_sim.greenhouse.place import CHONGQING, WUHAN, HouseSite
from firmware_sim.greenhouse.scenarios import HOUSES
from firmware_sim.greenhouse.true_climate import true_climate
from firmware_sim.greenhouse.weather import Weather
from headland.agronomy.house_model import controller
from headland.agronomy.house_model.canopy import LATENT_J_KG
from headland.agronomy.house_model.climate_model import (
    COVER_J_M2K,
    FLOOR_J_M2K,
    MAX_STEP_S,
    PIPE_J_M2K,
    relative_humidity_pct,
    start_actuators,
    start_climate,
    step,
)
from headland.agronomy.house_model.compartment import Structure, structure_of
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.openings import ventilation_m_s
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.slab import Slab
from headland.agronomy.house_model.solar_greenhouse import soil_of, wall_of
from headland.agronomy.house_model.state import Actuators, Climate, KnownInside
from headland.agronomy.house_model.water import SUBSTRATE_M
from tests.examples import examples
from tests.firmware_sim.houses import (
    KINDS,
    TOMATO,
    climates,
    make_actuators,
    make_climate,
    make_outside,
    outsides,
    positions,
    unit,
)

steps = st.sampled_from([1.0, 10.0, MAX_STEP_S])


#: What may be measured in a house, so that the model is not asked: all, some or none of it.
measured = st.builds(
    lambda pipe, ppm, lamp: KnownInside(
        *(None if each is None else np.full_like(KINDS.height_m, each) for each in (pipe, ppm, lamp))
    ),
    st.none() | st.floats(0, 80),
    st.none() | st.floats(300, 2000),
    st.none() | st.floats(0, 400),
)


def assert_closed(stored: Numbers, flowed: Numbers, scale: float) -> None:
    """A millionth of what a balance of this size moves."""
    assert stored == pytest.approx(flowed, rel=1e-6, abs=1e-6 * scale)


def stored(slab_of: Callable[[Structure], Slab], layers_degc: Numbers) -> Numbers:
    return slab_of(KINDS).stored_j_m2(layers_degc)


@settings(max_examples=examples(60), deadline=None)
@given(climate=climates, outside=outsides, actuators=positions, step_s=steps, given_=measured)
def test_energy_closes_in_every_step(
    climate: Climate, outside: Outside, actuators: Actuators, step_s: float, given_: KnownInside
) -> None:
    after, flux = step(KINDS, climate, actuators, outside, step_s, given_)
    air = flux.pipe_to_air + flux.canopy_to_air + flux.lamps_to_air + flux.sun_to_air
    air = air - flux.air_to_wall - flux.air_to_floor - flux.air_to_outside - flux.air_to_cover - flux.fog_cooling
    air = air - flux.air_to_north_wall - flux.air_to_back_roof
    assert_closed(KINDS.air_j_m2k * (after.air_degc - climate.air_degc), step_s * air, step_s)
    cover = flux.air_to_cover - flux.cover_to_canopy + LATENT_J_KG * flux.condensation
    cover = cover - flux.cover_to_outside - flux.cover_to_sky
    assert_closed(COVER_J_M2K * (after.cover_degc - climate.cover_degc), step_s * cover, step_s)
    floor = flux.sun_to_floor + flux.air_to_floor - flux.floor_to_soil - LATENT_J_KG * flux.soil_evaporation
    assert_closed(FLOOR_J_M2K * (after.floor_degc - climate.floor_degc), step_s * floor, step_s)
    pipe = flux.boiler_to_pipe - flux.pipe_to_air
    assert_closed(PIPE_J_M2K * (after.pipe_degc - climate.pipe_degc), step_s * pipe, step_s)
    wall = KINDS.north_wall_ratio * (stored(wall_of, after.north_wall_degc) - stored(wall_of, climate.north_wall_degc))
    into_wall = flux.air_to_north_wall + flux.sun_to_north_wall - flux.north_wall_to_outside
    assert_closed(wall, step_s * into_wall, step_s)
    has_soil = KINDS.soil_m > 0
    soil = (stored(soil_of, after.soil_degc) - stored(soil_of, climate.soil_degc)) * has_soil
    assert_closed(soil, step_s * (flux.floor_to_soil * has_soil - flux.soil_to_deep), step_s)
    assert (KINDS.north_wall_ratio > 0).sum() == 2
    # The canopy keeps nothing: what it absorbs leaves it as heat and as vapour.
    assert_closed(flux.sun_to_canopy + flux.cover_to_canopy, flux.canopy_to_air + LATENT_J_KG * flux.transpiration, 1.0)


@settings(max_examples=examples(60), deadline=None)
@given(climate=climates, outside=outsides, actuators=positions, step_s=steps, given_=measured)
def test_water_and_carbon_close_in_every_step(
    climate: Climate, outside: Outside, actuators: Actuators, step_s: float, given_: KnownInside
) -> None:
    after, flux = step(KINDS, climate, actuators, outside, step_s, given_)
    water = flux.transpiration + flux.soil_evaporation + flux.fog - flux.condensation - flux.vapour_to_outside
    stored = KINDS.height_m * (after.vapour_kg_m3 - climate.vapour_kg_m3)
    assert_closed(stored, step_s * water, step_s * 1e-4)
    substrate = flux.irrigation - flux.drainage - np.maximum(0, flux.transpiration) - flux.soil_evaporation
    stored = SUBSTRATE_M * 10 * (after.moisture_pct - climate.moisture_pct)
    assert_closed(stored, step_s * substrate, step_s * 1e-4)
    carbon = flux.injection - flux.assimilation + flux.respiration + flux.soil_respiration - flux.co2_to_outside
    stored = KINDS.height_m * (after.co2_kg_m3 - climate.co2_kg_m3)
    assert_closed(stored, step_s * carbon, step_s * 1e-6)
    # Van Henten (2003) eq 1: 0.544 of what is taken up, less 2.65e-7 for each 4.87e-7 of respired carbon dioxide.
    grown = 0.544 * flux.assimilation - 2.65e-7 / 4.87e-7 * flux.respiration
    assert_closed(after.dry_weight_kg_m2 - climate.dry_weight_kg_m2, step_s * grown, step_s * 1e-6)


@settings(max_examples=examples(60), deadline=None)
@given(climate=climates, outside=outsides, actuators=positions, step_s=steps, given_=measured)
def test_the_air_never_holds_more_vapour_than_it_can_and_nothing_is_ever_no_number(
    climate: Climate, outside: Outside, actuators: Actuators, step_s: float, given_: KnownInside
) -> None:
    after, flux = step(KINDS, climate, actuators, outside, step_s, given_)
    assert (relative_humidity_pct(after) <= 100 + 1e-9).all()
    assert (flux.condensation >= 0).all()
    assert all(np.isfinite(values).all() for values in (*astuple(after), *astuple(flux)))


@settings(max_examples=examples(40), deadline=None)
@given(
    outside=st.builds(make_outside, st.floats(-5, 20), st.floats(30, 90), st.just(0.0), st.floats(0.5, 8)),
    climate=st.builds(make_climate, st.just(KINDS), st.floats(21, 35), st.floats(40, 90), st.floats(400, 800)),
    vents=st.tuples(unit, unit),
    step_s=steps,
)
def test_more_vent_brings_the_air_closer_to_the_outside(
    outside: Outside, climate: Climate, vents: tuple[float, float], step_s: float
) -> None:
    gaps = []
    for vent in sorted(vents):
        after, _ = step(KINDS, climate, make_actuators(KINDS, vent=vent), outside, step_s)
        gaps.append(np.abs(after.air_degc - outside.temperature_degc))
    assert (gaps[1] <= gaps[0] + 1e-9).all()


@settings(max_examples=examples(20), deadline=None)
@given(climate=climates, outside=outsides, boilers=st.tuples(unit, unit))
def test_more_heat_makes_no_house_colder(climate: Climate, outside: Outside, boilers: tuple[float, float]) -> None:
    warmth = []
    for boiler in sorted(boilers):
        after, actuators = climate, make_actuators(KINDS, boiler=boiler)
        for _ in range(20):
            after, _ = step(KINDS, after, actuators, outside, 30.0)
        warmth.append(after.air_degc)
    assert (warmth[1] >= warmth[0] - 1e-6).all()


def test_a_frost_night_reaches_into_a_cold_tunnel_and_wets_its_leaves() -> None:
    base = HOUSES["hubei-greenhouses"]
    tunnel = structure_of(base.compartments[:1])
    weather = Weather(base.place, 1, base.frost_every_days)
    # Eight in the evening of 20 November 2026 in Wuhan: a night that ends in frost.
    start_ms = 1_795_176_000_000
    nights = [start_ms + day * 86_400_000 for day in range(3)]
    coldest = min(nights, key=lambda night: weather.at(night + 10 * 3_600_000).temperature_degc)
    climate, actuators = start_climate(tunnel, weather.at(coldest)), start_actuators(tunnel)
    lowest, wet_s = np.inf, 0.0
    for second in range(0, 12 * 3600, 30):
        outside = weather.at(coldest + second * 1000)
        actuators = controller.move(actuators, controller.control(tunnel, climate, actuators, outside, 0.0), 30.0)
        climate, flux = step(tunnel, climate, actuators, outside, 30.0)
        truth = true_climate(tunnel, climate, actuators, flux, outside, (0.0, 0.0))
        lowest = min(lowest, float(truth["air_temperature_degc"][0]))
        wet_s += 30.0 * float(truth["leaf_condensation_margin_k"][0] <= 0)
    assert -6 < lowest < 2
    assert 1 < wet_s / 3600 <= 12


def test_a_house_without_any_air_exchange_stays_a_house() -> None:
    calm = replace(make_outside(5, 60, 0, 0.0), wind_m_s=0.0)
    climate = make_climate(KINDS, 25, 90, 500)
    for _ in range(24 * 120):
        climate, _ = step(KINDS, climate, make_actuators(KINDS), calm, 30.0)
    assert all(np.isfinite(values).all() for values in astuple(climate))
    assert (np.abs(climate.air_degc - 5) < 15).all()


def test_a_passive_house_goes_to_the_outside_by_night() -> None:
    outside = replace(make_outside(15, 60, 0, 3), soil_degc=15.0)
    climate = make_climate(KINDS, 30, 60, 500)
    for _ in range(48 * 120):
        climate, _ = step(KINDS, climate, make_actuators(KINDS, vent=1.0), outside, 30.0)
    assert climate.air_degc == pytest.approx(outside.temperature_degc, abs=1.0)


def test_small_and_large_steps_tell_the_same_morning() -> None:
    """The step of 30 s is fine enough: a morning in steps of 5 s ends within a tenth of a kelvin of it."""
    weather = Weather(HOUSES["hubei-tomato"].place, 5)
    ends = []
    for step_s in (5.0, STABLE_STEP_S):
        climate, actuators = start_climate(TOMATO, weather.at(0)), start_actuators(TOMATO)
        for second in np.arange(0, 3 * 3600, step_s):
            outside = weather.at(1_784_000_000_000 + int(second * 1000))
            actuators = controller.move(
                actuators, controller.control(TOMATO, climate, actuators, outside, 12.0), step_s
            )
            climate, _ = step(TOMATO, climate, actuators, outside, step_s)
        ends.append(climate)
    assert ends[0].air_degc == pytest.approx(ends[1].air_degc, abs=0.15)
    assert relative_humidity_pct(ends[0]) == pytest.approx(relative_humidity_pct(ends[1]), abs=1.0)


def test_a_day_of_measured_actuators_is_the_same_in_the_longest_steps() -> None:
    """Vents, screens, pipe and lamps as a house moves them, in steps of 10 s and of `MAX_STEP_S`."""
    weather = Weather(HOUSES["hubei-tomato"].place, 5)
    courses = []
    for step_s in (10.0, MAX_STEP_S):
        climate = start_climate(TOMATO, weather.at(1_768_000_000_000))
        course = []
        for second in np.arange(0, 24 * 3600, step_s):
            hour = int(second // 3600)
            moved = make_actuators(TOMATO, vent=(1 + hour % 5) / 10, screen=float(hour < 6), blackout=float(hour > 21))
            taken = KnownInside(np.full(1, 20.0 + 30.0 * (hour < 8)), np.full(1, 600.0), np.full(1, 100.0 * (hour < 7)))
            climate, _ = step(TOMATO, climate, moved, weather.at(1_768_000_000_000 + hour * 3_600_000), step_s, taken)
            if (second + step_s) % 3600 == 0:
                course.append((climate.air_degc[0], relative_humidity_pct(climate)[0]))
        courses.append(np.array(course))
    off = np.abs(courses[1] - courses[0])
    # Largest while the air below the closed screen is saturated.
    assert off[:, 0].max() < 0.6
    assert off[:, 1].max() < 3.0
    assert np.median(off[:, 0]) < 0.05


def test_closed_screens_keep_the_air_below_them_from_the_open_vents() -> None:
    outside = make_outside(5, 60, 0, 4)
    climate = make_climate(KINDS, 20, 80, 500)
    changes = []
    for screen in (0.0, 0.9, 1.0):
        _, flux = step(KINDS, climate, make_actuators(KINDS, vent=1.0, screen=screen), outside, 30.0)
        changes.append(flux.air_m_s)
    assert (changes[0] > changes[1]).all()
    # Cloth lets through a small part of what the vents would take, a gap of a tenth much more.
    assert (changes[2] < 0.2 * changes[0]).all()
    assert (changes[1] > 2 * changes[2]).all()


@pytest.mark.parametrize("step_s", [0.0, -1.0, MAX_STEP_S + 1, np.nan])
def test_a_step_that_is_not_stable_is_refused(step_s: float) -> None:
    with pytest.raises(ValueError, match="not stable"):
        step(TOMATO, make_climate(TOMATO, 20, 70, 400), make_actuators(TOMATO), make_outside(5, 70, 0, 1), step_s)


@pytest.mark.parametrize(
    ("air", "out", "wind", "vent", "m_s"),
    # Computed from Vanthoor (2011) eq 65 with Cd 0.75, Cw 0.09, h 0.68 m, a tenth of the floor as vents.
    [
        (24, 15, 2, 0.2, 0.0051009655),
        (24, 15, 2, 0.5, 0.012752414),
        (28, 24, 0, 1.0, 0.0079193716),
        (28, 24, 4, 1.0, 0.045691536),
    ],
)
def test_roof_vents_let_through_what_vanthoors_equation_says(
    air: float, out: float, wind: float, vent: float, m_s: float
) -> None:
    house = replace(TOMATO, vent_area_ratio=np.array([0.1]))
    leak = 1.0e-4 * max(0.25, wind)
    opened = make_actuators(house, vent=vent)
    found = ventilation_m_s(house, np.array([float(air)]), make_outside(out, 50, 0, wind), opened, np.zeros(1))
    assert found[0] - leak == pytest.approx(m_s, rel=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("place", [WUHAN, CHONGQING], ids=lambda place: place.site)
@pytest.mark.parametrize("start_ms", [1_768_000_000_000, 1_784_000_000_000], ids=["january", "july"])
def test_a_day_in_any_compartment_stays_within_what_plants_and_people_see(place: HouseSite, start_ms: int) -> None:
    weather = Weather(place, 3, frost_every_days=2)
    climate, actuators = start_climate(KINDS, weather.at(start_ms)), start_actuators(KINDS)
    seen = []
    for second in range(0, 36 * 3600, 30):
        outside = weather.at(start_ms + second * 1000)
        hour = place.clock_h(start_ms + second * 1000)
        actuators = controller.move(actuators, controller.control(KINDS, climate, actuators, outside, hour), 30.0)
        climate, flux = step(KINDS, climate, actuators, outside, 30.0)
        seen.append((climate.air_degc, relative_humidity_pct(climate), 3.6e6 * flux.transpiration))
    warm, humid, transpired = (np.stack(values) for values in zip(*seen, strict=True))
    assert ((warm > -8) & (warm < 45)).all()
    assert (humid > 20).all()
    assert (warm.max(axis=0) - warm.min(axis=0) > 1).all()
    assert (transpired.max(axis=0) < 800).all()
