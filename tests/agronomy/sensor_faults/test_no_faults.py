"""Climates that look like sensor faults: heating, moving screens, new lamps and CO2 dosing are named as none."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.sensor_faults.course import course_of
from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import NOISE, SPIKES
from headland.agronomy.sensor_faults.levels import jumps_of
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.agronomy.sensor_faults.planted import Series
from tests.agronomy.sensor_faults.test_detector import AIR, HOUSE, HUMIDITY, LIGHT, ONSET_D, found_in, planted

CO2, SCREEN, LAMP = "co2_ppm", "screen_closed_pct", "lamp_power_pct"
TIME_MS = HOUSE[AIR][0]
AFTER = TIME_MS >= ONSET_D * DAY_MS + 5 * HOUR_MS


def kinds(series: Series, channel: str) -> set[str]:
    return {fault.kind for fault in find_faults(series) if fault.channel == channel}


@pytest.mark.parametrize(("minutes", "is_jump"), [(0.1, True), (30.0, False)])
def test_a_jump_is_between_two_samples_and_heating_goes_on(minutes: float, is_jump: bool) -> None:
    since = np.maximum(TIME_MS - 9.5 * DAY_MS, 0.0) / 60_000.0
    course = course_of(TIME_MS, 10.0 + 0.001 * (np.arange(len(TIME_MS)) % 10) - 8.0 * np.expm1(-since / minutes))
    assert course is not None
    assert (float(jumps_of(course).max()) > 4.0) is is_jump


def test_a_small_step_is_told_by_its_jump_and_a_screen_that_moves_with_it_makes_it_the_climate() -> None:
    still = np.full(len(TIME_MS), 50.0) + 30.0 * np.sin(2.0 * np.pi * TIME_MS / DAY_MS)
    moved = np.where(AFTER, 100.0, 0.0)
    fault = planted("step", HUMIDITY, 8.0)
    base = {AIR: HOUSE[AIR], HUMIDITY: HOUSE[HUMIDITY]}
    named = {
        name: {one.channel for one in found_in({**base, SCREEN: (TIME_MS, screen)}, fault)}
        for name, screen in (("still", still), ("moved", moved))
    }
    assert named == {"still": {HUMIDITY}, "moved": set()}


def test_two_sensors_of_one_quantity_that_change_alike_are_no_fault() -> None:
    light = HOUSE[LIGHT][1] * np.where(AFTER, 1.4, 1.0)
    other = {**HOUSE, LIGHT: (TIME_MS, light), f"{LIGHT}:1": (TIME_MS, 0.9 * HOUSE[LIGHT][1])}
    both = {**other, f"{LIGHT}:1": (TIME_MS, 0.9 * light)}
    assert kinds(other, LIGHT) == {"gain"}
    assert kinds(both, LIGHT) | kinds(both, f"{LIGHT}:1") == set()


@pytest.mark.parametrize(("level_ppm", "told"), [(0.0, {NOISE}), (250.0, set())])
def test_co2_that_scatters_at_a_level_that_it_never_had_is_dosed(level_ppm: float, told: set[str]) -> None:
    random = np.random.default_rng(4)
    scatter = random.normal(0.0, 1.0, len(TIME_MS)) * np.where(AFTER, 40.0, 2.0)
    co2 = 420.0 + 60.0 * np.sin(2.0 * np.pi * TIME_MS / DAY_MS) + level_ppm * AFTER + scatter
    assert kinds({AIR: HOUSE[AIR], CO2: (TIME_MS, co2)}, CO2) & {NOISE} == told


@pytest.mark.parametrize(("sign", "told"), [(-1.0, {SPIKES}), (1.0, set())])
def test_a_few_lone_high_values_of_co2_are_puffs_of_a_dosing(sign: float, told: set[str]) -> None:
    random = np.random.default_rng(4)
    co2 = 700.0 + 60.0 * np.sin(2.0 * np.pi * TIME_MS / DAY_MS) + random.normal(0.0, 2.0, len(TIME_MS))
    first = int(np.argmax(AFTER))
    co2[first + np.arange(5) * 90] += sign * 250.0
    assert kinds({AIR: HOUSE[AIR], CO2: (TIME_MS, co2)}, CO2) & {SPIKES} == told
