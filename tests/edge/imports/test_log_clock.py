from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.imports.log_clock import BootTime, ClockFit, gps_utc_us

NOON_US = 1_717_221_600_000_000


def test_gps_time_is_utc_and_the_leap_seconds_of_its_day() -> None:
    # 2024-06-01T06:00:00Z: week 2316, 18 s ahead. 2014-12-04T15:02:57Z: week 1821, 16 s ahead.
    assert gps_utc_us(2316, 540_018_000) == NOON_US
    assert gps_utc_us(1821, 399_793_800) == 1_417_705_377_800_000
    # The last second of 2016 had a leap second behind it: GPS was 17 s ahead before, 18 s after.
    assert gps_utc_us(1930, 16_000) == 1_483_228_799_000_000
    assert gps_utc_us(1930, 18_000) == 1_483_228_800_000_000


def test_a_week_that_cannot_be_is_no_utc() -> None:
    assert gps_utc_us(0, 0) is None
    assert gps_utc_us(2316 - 1024, 0) is None  # a receiver that lost a rollover
    assert gps_utc_us(2316, 7 * 86_400_000) is None
    assert gps_utc_us(65_535, 0) is None


def survey_of(pairs: list[tuple[int, int]]) -> ClockFit:
    fit = ClockFit()
    for own_us, utc_us in pairs:
        fit.add(own_us, utc_us)
    return fit


def test_rows_before_the_first_fix_are_dated_as_well() -> None:
    clock = survey_of([(own_us, NOON_US + own_us) for own_us in range(10_000_000, 20_000_000, 200_000)]).finish()
    assert clock.known
    for own_us in (0, 5_000_000, 12_345_000, 30_000_000):
        assert clock.utc_ms(own_us) == (NOON_US + own_us) // 1000


def test_nothing_is_dated_without_a_pair() -> None:
    clock = survey_of([]).finish()
    assert not clock.known
    assert clock.utc_ms(1_000_000) is None


@given(st.lists(st.integers(60_000, 180_000), min_size=300, max_size=300), st.integers(-60, 60))
def test_scatter_and_drift_of_a_receiver_leave_less_than_a_twentieth_of_a_second(
    late_us: list[int], drift_ppm: int
) -> None:
    """A receiver is 60 to 180 ms late by turns: the offset is its median, so what is left is a share of the scatter."""
    pairs = [
        (own_us, NOON_US + own_us + own_us * drift_ppm // 1_000_000 - late)
        for own_us, late in zip(range(0, 60_000_000, 200_000), late_us, strict=True)
    ]
    clock = survey_of(pairs).finish()
    for own_us in range(0, 60_000_000, 777_000):
        true_ms = (NOON_US + own_us + own_us * drift_ppm // 1_000_000 - 120_000) / 1000
        assert abs((clock.utc_ms(own_us) or 0) - true_ms) < 61


def test_a_board_whose_clock_runs_eight_percent_slow_is_followed_over_a_silence_of_the_receiver() -> None:
    own = [*range(0, 100_000_000, 200_000), *range(200_000_000, 300_000_000, 200_000)]
    fit = survey_of([(own_us, NOON_US + own_us * 108 // 100) for own_us in own])
    clock = fit.finish()
    assert fit.steps == 0
    for own_us in (0, 50_000_000, 150_000_000, 299_000_000):
        assert clock.utc_ms(own_us) == pytest.approx((NOON_US + own_us * 1.08) / 1000, abs=20)


def test_a_step_of_the_receiver_begins_a_new_stretch_and_rewrites_nothing_before_it() -> None:
    before = [(own_us, NOON_US + own_us) for own_us in range(0, 20_000_000, 200_000)]
    after = [(own_us, NOON_US + own_us + 18_000_000) for own_us in range(20_000_000, 40_000_000, 200_000)]
    fit = survey_of(before + after)
    clock = fit.finish()
    assert fit.steps == 1
    assert clock.utc_ms(19_900_000) == (NOON_US + 19_900_000) // 1000
    assert clock.utc_ms(20_000_000) == (NOON_US + 38_000_000) // 1000


def test_a_single_wrong_pair_is_passed_over() -> None:
    pairs = [(own_us, NOON_US + own_us) for own_us in range(0, 20_000_000, 200_000)]
    pairs[0] = (0, NOON_US - 86_400_000_000)
    pairs[50] = (10_000_000, NOON_US + 3_600_000_000)
    fit = survey_of(pairs)
    clock = fit.finish()
    assert fit.steps == 0
    assert clock.utc_ms(10_000_000) == (NOON_US + 10_000_000) // 1000


def test_after_a_restart_nothing_is_dated_by_the_session_before() -> None:
    fit = survey_of([(own_us, NOON_US + own_us) for own_us in range(0, 10_000_000, 200_000)])
    fit.restart(10_000_000)
    clock = fit.finish()
    assert clock.utc_ms(9_000_000) == (NOON_US + 9_000_000) // 1000
    assert clock.utc_ms(11_000_000) is None


def test_after_a_restart_the_next_fix_dates_from_the_restart_on() -> None:
    fit = survey_of([(own_us, NOON_US + own_us) for own_us in range(0, 10_000_000, 200_000)])
    fit.restart(10_000_000)
    for own_us in range(15_000_000, 25_000_000, 200_000):
        fit.add(own_us, NOON_US + own_us + 60_000_000)
    clock = fit.finish()
    assert clock.utc_ms(9_999_000) == (NOON_US + 9_999_000) // 1000
    assert clock.utc_ms(10_000_000) == (NOON_US + 70_000_000) // 1000
    assert fit.steps == 0


def test_time_since_boot_goes_on_over_a_restart_and_rejects_what_is_not_credible() -> None:
    own = BootTime()
    assert [own.observe(raw) for raw in (9_000_000, 9_100_000, 9 * 10**15, 9_200_000, 9_150_000)] == [
        9_000_000,
        9_100_000,
        None,
        9_200_000,
        9_150_000,
    ]
    assert [own.observe(raw) for raw in (5_000, 105_000, 205_000, 305_000)] == [None, None, 9_200_001, 9_300_001]
    assert own.session == 1


def test_a_log_that_paused_goes_on_when_three_messages_agree() -> None:
    own = BootTime()
    own.observe(1_000_000)
    hour_us = 3_600_000_000
    assert [own.observe(hour_us + step) for step in (0, 1000, 2000, 3000)] == [
        None,
        None,
        hour_us + 2000,
        hour_us + 3000,
    ]
    assert own.session == 0
