"""Climates that look like sensor faults: heating, moving screens, new lamps and CO2 dosing are named as none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.sensor_faults.course import course_of
from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import NOISE, SPIKES
from headland.agronomy.sensor_faults.levels import jumps_of
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.agronomy.sensor_faults.planted import Series
from tests.agronomy.sensor_faults.test_detector import (
    AIR,
    ALONE,
    HOUSE,
    HUMIDITY,
    LIGHT,
    ONSET_D,
    OUTSIDE,
    found_in,
    planted,
)

CO2, SCREEN, LAMP = "co2_ppm", "screen_closed_pct", "lamp_power_pct"
TIME_MS = HOUSE[AIR][0]
AFTER = TIME_MS >= ONSET_D * DAY_MS + 5 * HOUR_MS


def kinds(series: Series, channel: str) -> set[str]:
    return {fault.kind for fault in find_faults(series) if fault.channel == channel}


def jumps(value: np.ndarray, keep: np.ndarray | None = None) -> np.ndarray:
    at = np.ones(len(TIME_MS), np.bool_) if keep is None else keep
    course = course_of(TIME_MS[at], value[at] + 0.001 * (np.arange(int(at.sum())) % 10))
    assert course is not None
    return jumps_of(course)


@pytest.mark.parametrize("height", [8.0, -8.0])
def test_a_jump_is_between_two_samples_at_its_height_and_its_sample(height: float) -> None:
    first = int(9.5 * 288)
    found = jumps(10.0 + height * (np.arange(len(TIME_MS)) >= first))
    assert int(np.argmax(np.abs(found))) == first
    assert found[first] == pytest.approx(height, abs=0.05)
    assert np.abs(np.delete(found, first)).max() < 0.05


@pytest.mark.parametrize("minutes", [8.0, 15.0, 30.0])
def test_heating_that_goes_on_after_its_first_sample_is_no_jump_at_all(minutes: float) -> None:
    since = np.maximum(TIME_MS - 9.5 * DAY_MS, 0.0) / 60_000.0
    assert np.abs(jumps(10.0 - 8.0 * np.expm1(-since / minutes))).max() < 0.05


def test_a_lone_value_a_pause_and_a_start_that_overshoots_are_no_jump() -> None:
    at, first = np.arange(len(TIME_MS)), int(9.5 * 288)
    assert np.abs(jumps(10.0 + 8.0 * (at == first))).max() < 0.05
    step = 10.0 + 8.0 * (at >= first)
    assert np.abs(jumps(step, (at < first - 9) | (at >= first))).max() < 0.05
    # 8 K between two samples of which 2 K stay, and 2 K of which 8 K follow.
    over = jumps(10.0 + 2.0 * (at >= first) + 6.0 * (at == first))
    assert np.abs(over).max() == pytest.approx(2.0, abs=0.05)
    # The samples about a fall are lower before it than behind it.
    back = 10.0 + 4.0 * (at >= first - 3) - 1.0 * (at >= first)
    assert jumps(back)[first] == 0.0


def test_a_course_of_a_few_samples_has_no_jump() -> None:
    few = course_of(TIME_MS[:40], np.asarray(10.0 + np.arange(40) // 20, np.float64))
    assert few is not None
    short = replace(few, time_ms=few.time_ms[18:22], value=few.value[18:22])
    assert jumps_of(short).tolist() == [0.0] * 4


@pytest.mark.parametrize("is_explained", [True, False], ids=["by relation", "by day"])
def test_a_step_is_told_by_its_jump_and_a_screen_that_moves_for_an_hour_makes_it_the_climate(
    is_explained: bool,
) -> None:
    """The screen is back an hour later: it explains no level, and is asked by itself."""
    hour, first = TIME_MS // HOUR_MS, int(np.argmax(AFTER))
    rest = np.full(len(TIME_MS), 50.0) + 30.0 * np.sin(2.0 * np.pi * TIME_MS / DAY_MS)
    pulse = np.where(hour == hour[first], 100.0, rest)
    slow = rest + np.where(hour == hour[first], 10.0, 0.0)
    if is_explained:
        # Of the air outdoors no level of the day alone is judged, so that its relation to the others tells.
        base, channel, size = ALONE, OUTSIDE, 3.0
    else:
        base, channel, size = {HUMIDITY: HOUSE[HUMIDITY]}, HUMIDITY, 15.0
    keep = np.ones(len(TIME_MS), np.bool_) if is_explained else np.abs(TIME_MS - TIME_MS[first]) < 2 * DAY_MS
    named = [
        {one.channel for one in found_in({**base, name: (TIME_MS[keep], value[keep])}, planted("step", channel, size))}
        for name, value in ((SCREEN, rest), (SCREEN, slow), ("vent_open_pct", pulse), (SCREEN, pulse), (LAMP, pulse))
    ]
    assert named == [{channel}, {channel}, {channel}, set(), set()]


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
