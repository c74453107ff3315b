from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.greenhouse.scenarios import HOUSES
from headland.agronomy.house_model.climate_model import start_actuators
from headland.agronomy.house_model.compartment import Structure, structure_of
from headland.agronomy.house_model.controller import control, is_day, move
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Climate
from tests.firmware_sim.houses import TOMATO, make_actuators, make_climate, make_outside

NIGHT = make_outside(2, 80, 0, 1)
DAY = make_outside(20, 60, 500, 1)
#: The twelfth compartment of the base has lamps, fog and a screen.
SEEDLINGS = structure_of(HOUSES["hubei-greenhouses"].compartments[-1:])


def wanted(climate: Climate, outside: Outside, structure: Structure = TOMATO, hour: float = 12.0) -> dict[str, float]:
    found = control(structure, climate, start_actuators(structure), outside, hour)
    names = ("boiler", "vent", "screen", "lamps", "fog", "injection", "irrigating")
    return {name: float(getattr(found, name)[0]) for name in names}


def test_it_heats_when_cold_and_vents_when_hot_or_moist() -> None:
    assert wanted(make_climate(TOMATO, 12, 70, 500), NIGHT)["boiler"] > 0.99
    assert wanted(make_climate(TOMATO, 25, 60, 500), NIGHT)["boiler"] == 0
    assert wanted(make_climate(TOMATO, 31, 60, 500), DAY)["vent"] > 0.99
    assert 0 < wanted(make_climate(TOMATO, 21, 95, 500), DAY)["vent"] <= 0.4
    assert wanted(make_climate(TOMATO, 12, 99, 500), DAY)["vent"] == 0


def test_it_doses_carbon_dioxide_by_day_behind_closed_vents() -> None:
    assert wanted(make_climate(TOMATO, 21, 60, 400), DAY)["injection"] == 1
    assert wanted(make_climate(TOMATO, 21, 60, 800), DAY)["injection"] == 0
    assert wanted(make_climate(TOMATO, 21, 60, 400), NIGHT)["injection"] == 0
    open_vents = make_actuators(TOMATO, vent=0.5)
    assert control(TOMATO, make_climate(TOMATO, 21, 60, 400), open_vents, DAY, 12.0).injection[0] == 0


def test_a_storm_and_rain_hold_the_vents() -> None:
    hot = make_climate(TOMATO, 35, 60, 500)
    assert wanted(hot, replace(DAY, wind_m_s=12.0))["vent"] == pytest.approx(0.1)
    assert wanted(hot, replace(DAY, rain_mm_h=2.0))["vent"] == pytest.approx(0.2)


def test_screen_lamps_and_fog_run_when_they_should() -> None:
    night = wanted(make_climate(SEEDLINGS, 18, 80, 500), NIGHT, SEEDLINGS, hour=2.0)
    assert (night["screen"], night["lamps"], night["fog"]) == (1.0, 0.0, 0.0)
    dull = wanted(make_climate(SEEDLINGS, 20, 80, 500), make_outside(5, 80, 30, 1), SEEDLINGS, hour=9.0)
    assert (dull["screen"], dull["lamps"]) == (0.0, 1.0)
    dry = wanted(make_climate(SEEDLINGS, 30, 30, 500), DAY, SEEDLINGS)
    assert dry["fog"] > 0.9


@pytest.mark.parametrize(
    ("from_h", "to_h", "hour", "is_lit"),
    [(22.0, 14.0, 23.5, True), (22.0, 14.0, 2.0, True), (22.0, 14.0, 14.0, False), (1.0, 19.0, 0.5, False)],
)
def test_a_house_with_lamps_at_night_has_its_day_then(from_h: float, to_h: float, hour: float, is_lit: bool) -> None:
    lit = replace(SEEDLINGS, day_from_h=np.array([from_h]), day_to_h=np.array([to_h]), co2_ppm=np.array([800.0]))
    lit = replace(lit, injection_max_kg_m2s=np.array([1e-6]))
    # A kelvin and a half above the night's set point of 18 degC, and below the day's of 22.
    found = wanted(make_climate(lit, 19.5, 70, 400), NIGHT, lit, hour)
    assert (found["lamps"], found["injection"]) == ((1.0, 1.0) if is_lit else (0.0, 0.0))
    assert (found["boiler"] > 0.9) is is_lit
    # The screen keeps the heat in, and the light: it opens by the light outside, not by the lamps.
    assert found["screen"] > 0.9


def test_without_a_declared_day_it_is_day_while_there_is_light() -> None:
    structure = structure_of([HOUSES["hubei-tomato"].compartments[0], HOUSES["jurong-seedlings"].compartments[0]])
    assert is_day(structure, make_outside(5, 80, 100, 1), 3.0).tolist() == [True, False]
    assert is_day(structure, make_outside(5, 80, 0, 1), 12.0).tolist() == [False, True]


def test_irrigation_runs_from_dry_until_moist() -> None:
    climate = make_climate(TOMATO, 21, 60, 500)
    running = replace(start_actuators(TOMATO), irrigating=np.ones(1))
    for moisture, now, then in ((29.0, 0.0, 1.0), (33.0, 1.0, 1.0), (33.0, 0.0, 0.0), (37.0, 1.0, 0.0)):
        state = replace(climate, moisture_pct=np.array([moisture]))
        actuators = running if now else start_actuators(TOMATO)
        assert control(TOMATO, state, actuators, DAY, 12.0).irrigating[0] == then


def test_motors_travel_and_small_moves_are_not_worth_it() -> None:
    shut = start_actuators(TOMATO)
    opened = make_actuators(TOMATO, vent=1.0, boiler=1.0)
    assert move(shut, opened, 30.0).vent[0] == pytest.approx(0.1)
    assert move(shut, make_actuators(TOMATO, vent=0.01), 30.0).vent[0] == 0
    assert 0 < move(shut, opened, 30.0).boiler[0] < 0.2
    position: Numbers = shut.vent
    for _ in range(10):
        shut = move(shut, opened, 30.0)
        assert shut.vent[0] >= position[0]
        position = shut.vent
    assert position[0] == pytest.approx(1.0)
