"""Limits of what the climate explains: vents that move too little or are not known, pulses that are too few."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.sensor_faults.climate import doubt_of_spikes, is_shared, without_climate
from headland.agronomy.sensor_faults.course import Course, course_of
from headland.agronomy.sensor_faults.fault import GAIN, NOISE, SPIKES, Fault
from headland.agronomy.sensor_faults.relation import Explained, explain, find_change
from headland.agronomy.sensor_faults.scatter import find_spikes
from headland.units_of_time import DAY_MS
from tests.agronomy.sensor_faults.test_guards import (
    AFTER,
    AIR,
    CO2,
    ONSET_D,
    PAR,
    QUIET,
    RADIATION,
    SWING,
    TIME_MS,
    VENT,
    course,
    noise,
)  # fmt: skip


def scatter(onset_d: float = ONSET_D) -> Fault:
    at = np.flatnonzero(onset_d * DAY_MS <= TIME_MS)
    return Fault(AIR, NOISE, int(onset_d * DAY_MS), int(TIME_MS[-1]), at, 2.0, 0.9)


def is_climate(fault: Fault, vent: Course) -> bool:
    return without_climate([fault], {fault.channel: course(QUIET), VENT: vent}) == []


def vents(before: float, after: float, onset_d: float = ONSET_D) -> np.ndarray:
    return np.asarray(30.0 + 20.0 * SWING + np.where(onset_d * DAY_MS <= TIME_MS, after, before) * noise(1.0, 2))


def test_a_vent_that_scatters_by_less_than_two_percent_does_not_hunt() -> None:
    assert is_climate(scatter(), course(vents(0.3, 9.0)))
    assert not is_climate(scatter(), course(vents(0.1, 0.9)))


def test_a_vent_hunts_against_five_days_before_that_are_known() -> None:
    assert is_climate(scatter(6.0), course(vents(1.0, 9.0, 6.0)))
    assert not is_climate(scatter(3.0), course(vents(1.0, 9.0, 3.0)))
    keep = AFTER | (TIME_MS < 3 * DAY_MS)
    gap = course_of(TIME_MS[keep], vents(1.0, 9.0)[keep])
    assert gap is not None
    assert not is_climate(scatter(), gap)


def test_a_vent_that_is_not_known_during_a_fault_explains_none() -> None:
    assert not is_climate(scatter(), course(vents(1.0, 9.0)[: ONSET_D * 288]))


@pytest.mark.parametrize(
    ("lone", "pulses", "is_pulses"), [(3, 0, True), (4, 0, False), (4, 6, True), (5, 5, False), (3, 1, True)]
)
def test_spikes_are_pulses_where_fewer_than_four_or_than_half_are_lone(lone: int, pulses: int, is_pulses: bool) -> None:
    value = 700.0 + 30.0 * SWING + noise(2.0)
    at = ONSET_D * 288 + 20 + 60 * np.arange(lone + pulses)
    value[at] += 300.0
    value[at[lone:] - 1] += 200.0
    value[at[lone:] + 1] += 200.0
    fault = Fault(CO2, SPIKES, int(TIME_MS[at[0]]), int(TIME_MS[at[-1]]), at, 100.0, 0.9)
    assert (without_climate([fault], {CO2: course(value)}) == []) is is_pulses


def test_gas_is_dosed_where_its_level_is_new_and_air_is_not() -> None:
    def left(channel: str, rise: float) -> int:
        at = np.flatnonzero(AFTER)
        fault = Fault(channel, NOISE, int(TIME_MS[at[0]]), int(TIME_MS[-1]), at, 40.0, 0.9)
        return len(without_climate([fault], {channel: course(420.0 + 60.0 * SWING + rise * AFTER + noise(2.0))}))

    assert (left(CO2, 250.0), left(CO2, 0.0), left(AIR, 250.0)) == (0, 1, 1)


def test_clouds_and_puffs_of_gas_make_lone_values_less_sure() -> None:
    high, low = (course(700.0 + np.where(np.arange(len(TIME_MS)) % 60 == 50, by, 0.0)) for by in (260.0, -260.0))
    at = np.arange(50, len(TIME_MS), 60)
    doubts = [doubt_of_spikes(*one, at) for one in ((CO2, high), (CO2, low), (AIR, high), (PAR, high), (PAR, low))]
    assert [doubt > 1.0 for doubt in doubts] == [True, False, False, True, True]


def test_among_values_that_swing_as_much_none_is_lone() -> None:
    swings = 700.0 + np.where(AFTER, 250.0 * (np.arange(len(TIME_MS)) % 2), 0.0) + noise(2.0)
    assert find_spikes(CO2, course(swings), []) == []


def test_a_vent_that_scatters_three_times_as_much_hunts() -> None:
    assert is_climate(scatter(), course(vents(0.3, 4.0)))
    assert is_climate(scatter(), course(vents(2.0, 5.0)))
    assert not is_climate(scatter(), course(vents(2.0, 2.6)))


def test_a_lone_value_may_have_neighbours_that_rise_by_a_third_of_it() -> None:
    value = 700.0 + 30.0 * SWING + noise(2.0)
    at = ONSET_D * 288 + 20 + 60 * np.arange(6)
    value[at] += 300.0
    value[at - 1] += 75.0
    value[at + 1] += 75.0
    fault = Fault(CO2, SPIKES, int(TIME_MS[at[0]]), int(TIME_MS[at[-1]]), at, 100.0, 0.9)
    assert without_climate([fault], {CO2: course(value)}) == [fault]


@pytest.mark.parametrize(
    ("gain", "scatter_of", "gain_beside", "is_same"),
    [
        # A fifth and a half of the standard errors of a sure change, then 3.1 and 5.1 of a change of five.
        (1.4, 20.0, 1.1, False),
        (1.4, 20.0, 1.3, True),
        (1.1, 40.0, 1.1, False),
        (1.1, 40.0, 1.15, True),
    ],
)
def test_a_change_is_shared_from_half_of_its_evidence_and_four_standard_errors_on(
    gain: float, scatter_of: float, gain_beside: float, is_same: bool
) -> None:
    hours = np.arange(12 * 24)
    sun = np.maximum(np.sin(2.0 * np.pi * hours / 24.0), 0.0) * 400.0

    def relation(by: float, seed: int) -> Explained:
        drawn = np.random.default_rng(seed).normal(0.0, scatter_of, len(sun))
        found = explain(np.where(hours >= ONSET_D * 24, by, 1.0) * sun + drawn, {RADIATION: sun}, 0)
        assert found is not None
        return found

    own = relation(gain, 0)
    change = find_change(own, (GAIN,), len(hours))
    assert change is not None
    assert is_shared(PAR, change, {PAR: own, f"{PAR}:1": relation(gain_beside, 1)}) is is_same
