"""Guards of a channel's own course: too few samples, too few days before, a move that is as on calm days."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.sensor_faults.course import course_of
from headland.agronomy.sensor_faults.fault import ALTERNATING, NOISE, SPIKES, STUCK
from headland.agronomy.sensor_faults.own_course import find_still, find_two_values
from headland.agronomy.sensor_faults.scatter import find_noise, find_spikes
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.agronomy.sensor_faults.test_guards import (
    AFTER,
    AIR,
    CO2,
    ONSET_D,
    QUIET,
    SWING,
    TIME_MS,
    course,
    kinds,
    moved,
    noise,
    puffs,
)  # fmt: skip

IN_TURN = np.arange(len(TIME_MS)) % 2


def test_a_course_needs_forty_samples_at_35_minutes_at_most() -> None:
    assert course_of(TIME_MS[:39], QUIET[:39]) is None
    assert course_of(TIME_MS[:40], QUIET[:40]) is not None
    assert course_of(7 * TIME_MS, QUIET) is not None
    assert course_of(8 * TIME_MS, QUIET) is None


def test_a_block_of_less_than_half_of_its_samples_is_not_known() -> None:
    keep = np.ones(len(TIME_MS), np.bool_)
    keep[12:20] = keep[24:31] = False
    found = course_of(TIME_MS[keep], QUIET[keep])
    assert found is not None
    assert found.count[:4].tolist() == [12, 4, 5, 12]
    for column in (found.mean, found.spread, found.noise, found.low, found.high):
        assert np.isfinite(column[:4]).tolist() == [True, False, True, True]


def test_what_stands_still_or_alternates_is_told_once_though_it_is_lone_and_scatters_too() -> None:
    stuck = np.where(AFTER, 20.0, QUIET) + noise(0.05)
    stuck[ONSET_D * 288 + 20 :: 60] += 4.0
    assert SPIKES in [one.kind for one in find_spikes(AIR, course(stuck), [])]
    assert kinds(AIR, stuck) == [STUCK]
    turns = np.where(AFTER, 20.0 + 1.5 * np.random.default_rng(3).integers(0, 2, len(TIME_MS)), QUIET)
    assert NOISE in [one.kind for one in find_noise(AIR, course(turns), [])]
    assert len(find_still(AIR, course(turns), moved(course(turns)))) == 1
    assert kinds(AIR, turns) == [ALTERNATING]


def test_a_channel_stands_still_only_while_others_are_known_to_move() -> None:
    still = np.where(AFTER, 20.0, 20.0 + 5.0 * SWING) + noise(0.05)
    assert kinds(AIR, still) == [STUCK]
    assert kinds(AIR, still, **{CO2: 700.0 + 60.0 * SWING + noise(2.0)}) == [STUCK]
    ended = {CO2: (700.0 + 60.0 * SWING + noise(2.0))[: 8 * 288]}
    assert kinds(AIR, still, **ended) == []


def test_a_channel_that_stands_still_before_five_days_are_known_is_none() -> None:
    def found(onset_d: float) -> list[str]:
        value = np.where(onset_d * DAY_MS <= TIME_MS, 20.0, 20.0 + 5.0 * SWING) + noise(0.05)
        still = course(value[(onset_d + 2.0) * DAY_MS > TIME_MS])
        return [one.kind for one in find_still(AIR, still, moved(still))]

    assert found(3.0) == []
    assert found(6.0) == [STUCK]


def test_a_calm_day_among_calm_ones_and_a_calmer_one_that_still_moves_do_not_stand_still() -> None:
    calm = 20.0 + np.where(TIME_MS // DAY_MS % 2 == 1, 0.3, 3.0) * SWING
    among = course(np.where(AFTER, 20.0 + 0.25 * SWING, calm) + noise(0.01))
    assert find_still(AIR, among, moved(among)) == []
    calmer = course(20.0 + np.where(AFTER, 0.8, 3.0) * SWING + noise(0.01))
    assert find_still(AIR, calmer, moved(calmer)) == []


@pytest.mark.parametrize(
    ("days", "swing", "scatter", "told"),
    [(12, 0.0, 0.02, [STUCK]), (4, 0.0, 0.02, []), (12, 0.1, 0.001, []), (12, 0.0, 1.5, [])],
)
def test_a_channel_never_moved_where_it_is_even_for_five_days_but_for_its_noise(
    days: int, swing: float, scatter: float, told: list[str]
) -> None:
    even = course((14.0 + swing * SWING + noise(scatter))[: days * 288])
    assert [one.kind for one in find_still(AIR, even, moved(even))] == told


def test_two_values_are_taken_in_turn_often_evenly_and_without_others() -> None:
    def told(value: np.ndarray) -> list[str]:
        return [one.kind for one in find_two_values(AIR, course(np.where(AFTER, value, QUIET)))]

    at = np.arange(len(TIME_MS))
    turns = 20.0 + 2.0 * IN_TURN
    assert told(turns) == [ALTERNATING]
    # One of twelve samples is a pulse of each hour.
    assert told(20.0 + 2.0 * (at % 12 == 0)) == []
    # Values in between are a swing.
    assert told(20.0 + np.sin(2.0 * np.pi * at / 8.0)) == []
    # A third value now and then.
    assert told(turns + (at % 72 == 1)) == []


def test_heating_that_is_on_for_half_of_each_hour_takes_no_two_values_in_turn() -> None:
    time_ms = MINUTE_MS * np.arange(8 * 1440, dtype=np.int64)
    hourly = course_of(time_ms, np.asarray(20.0 + 2.0 * (time_ms // (HOUR_MS // 2) % 2), np.float64))
    by_minute = course_of(time_ms, np.asarray(20.0 + 2.0 * (time_ms // (4 * MINUTE_MS) % 2), np.float64))
    assert hourly is not None
    assert by_minute is not None
    assert find_two_values(AIR, hourly) == []
    assert [one.kind for one in find_two_values(AIR, by_minute)] == [ALTERNATING]


def test_nights_that_scatter_more_but_less_than_matters_are_no_noise_beside_days_that_always_scatter() -> None:
    by_day = (TIME_MS % DAY_MS >= 6 * HOUR_MS) & (TIME_MS % DAY_MS < 18 * HOUR_MS)
    night = np.where(AFTER, 0.06, 0.005)
    value = 20.0 + 3.0 * SWING + np.where(by_day, 0.4, night) * noise(1.0)
    assert find_noise(AIR, course(value), []) == []


def test_noise_is_dated_from_the_hours_that_scatter() -> None:
    found = find_noise(AIR, course(20.0 + 3.0 * SWING + np.where(AFTER, 2.0, 0.05) * noise(1.0)), [])
    assert [one.kind for one in found] == [NOISE]
    assert (ONSET_D * DAY_MS - 3 * HOUR_MS) <= found[0].start_ms <= ONSET_D * DAY_MS + HOUR_MS


def test_noise_after_a_gap_in_which_the_days_before_are_not_known_is_none() -> None:
    value = 20.0 + 3.0 * SWING + np.where(AFTER, 2.0, 0.05) * noise(1.0)
    keep = AFTER | (TIME_MS < 2 * DAY_MS)
    gap = course_of(TIME_MS[keep], value[keep])
    assert gap is not None
    assert find_noise(AIR, gap, []) == []
    assert len(find_noise(AIR, course(value), [])) == 1


def test_three_lone_values_in_two_days_and_one_later_are_no_spikes() -> None:
    value = 700.0 + 30.0 * SWING + noise(2.0)
    value[[8 * 288, 8 * 288 + 60, 8 * 288 + 120, 11 * 288 + 100]] += 260.0
    assert find_spikes(CO2, course(value), []) == []
    value[8 * 288 + 180] += 260.0
    assert [one.kind for one in find_spikes(CO2, course(value), [])] == [SPIKES]


def test_as_many_lone_values_as_on_the_days_before_are_no_spikes() -> None:
    value = 700.0 + 30.0 * SWING + noise(2.0)
    value[50::60] += 260.0
    assert find_spikes(CO2, course(value), []) == []


def test_a_stair_is_no_lone_value_and_neither_is_one_beside_a_gap() -> None:
    stair = 700.0 + 30.0 * SWING + noise(2.0)
    for first in range(ONSET_D * 288 + 20, len(stair) - 60, 60):
        stair[first] += 260.0
        stair[first + 1 : first + 30] += 520.0
    assert find_spikes(CO2, course(stair), []) == []
    lone = puffs((260.0,))
    keep = np.ones(len(lone), np.bool_)
    for first in range(ONSET_D * 288 + 20, len(lone) - 20, 60):
        keep[first - 4 : first] = keep[first + 1 : first + 5] = False
    beside = course_of(TIME_MS[keep], lone[keep])
    assert beside is not None
    assert find_spikes(CO2, beside, []) == []
