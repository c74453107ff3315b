from __future__ import annotations

import math
from dataclasses import replace

import pytest

from firmware_sim.core.noise import Noise
from firmware_sim.drone.field_model import Gust
from firmware_sim.drone.physics.wind import Wind
from firmware_sim.drone.scenarios import FIELDS

STEP_S = 0.02


def blow(wind: Wind, from_s: float, to_s: float) -> list[tuple[float, float]]:
    air = []
    for step in range(round(from_s / STEP_S), round(to_s / STEP_S)):
        wind.step(step * STEP_S)
        air.append((wind.east_m_s, wind.north_m_s))
    return air


def mean(air: list[tuple[float, float]]) -> tuple[float, float]:
    return sum(a[0] for a in air) / len(air), sum(a[1] for a in air) / len(air)


def test_air_moves_away_from_where_the_wind_comes_from() -> None:
    wind = Wind(replace(FIELDS["demo"], wind_m_s=3.0, wind_from_deg=90.0), Noise(1, 3), STEP_S)
    east, north = mean(blow(wind, 0, 200))
    assert (east, north) == pytest.approx((-3.0, 0.0), abs=0.2)


def test_a_gust_raises_the_wind_for_its_time() -> None:
    scenario = replace(FIELDS["demo"], wind_m_s=2.0, wind_from_deg=180.0, gusts=(Gust(30.0, 20.0, 6.0),))
    wind = Wind(scenario, Noise(1, 3), STEP_S)
    before, gust, after = blow(wind, 0, 30), blow(wind, 30, 50)[250:], blow(wind, 50, 80)[250:]
    assert [round(math.hypot(*mean(air)), 1) for air in (before, gust, after)] == pytest.approx([2, 6, 2], abs=0.35)


def test_a_steady_wind_pushes_only_until_it_is_leant_against() -> None:
    scenario = replace(FIELDS["demo"], wind_m_s=2.0, gusts=(Gust(10.0, 60.0, 6.0),))
    wind = Wind(scenario, Noise(1, 3), STEP_S)
    blow(wind, 0, 10)
    blow(wind, 10, 11.5)
    risen = math.hypot(*wind.push_m_s2())
    blow(wind, 11.5, 40)
    pushes = []
    for step in range(round(40 / STEP_S), round(60 / STEP_S)):
        wind.step(step * STEP_S)
        pushes.append(wind.push_m_s2())
    assert risen > 0.25
    # Only what the eddies leave in a mean over 20 s.
    assert math.hypot(*mean(pushes)) < 0.1
