from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.core.clock import SimClock
from headland.errors import SettingsError
from tests.examples import examples

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000

speeds = st.floats(0.01, 10_000)
starts = st.integers(NOW_MS - 30 * DAY_MS, NOW_MS + DAY_MS)
times = st.integers(NOW_MS - DAY_MS, NOW_MS + 30 * DAY_MS)


@settings(max_examples=examples(100), deadline=None)
@given(speed=speeds, start_ms=starts, real_ms=times)
def test_simulated_time_is_never_in_the_future(speed: float, start_ms: int, real_ms: int) -> None:
    assert SimClock(speed, start_ms, NOW_MS).now_ms(real_ms) <= real_ms


@settings(max_examples=examples(100), deadline=None)
@given(speed=speeds, start_ms=starts, pair=st.tuples(times, times))
def test_simulated_time_never_goes_back(speed: float, start_ms: int, pair: tuple[int, int]) -> None:
    clock = SimClock(speed, start_ms, NOW_MS)
    earlier, later = sorted(pair)
    assert clock.now_ms(earlier) <= clock.now_ms(later)


@settings(max_examples=examples(100), deadline=None)
@given(speed=st.floats(1.5, 10_000), behind_ms=st.integers(0, 30 * DAY_MS))
def test_a_fast_clock_becomes_exactly_real_time(speed: float, behind_ms: int) -> None:
    clock = SimClock(speed, NOW_MS - behind_ms, NOW_MS)
    reached_ms = NOW_MS + int(behind_ms / (speed - 1)) + 2_000
    assert clock.now_ms(reached_ms) == reached_ms
    assert clock.now_ms(reached_ms + 12_345) == reached_ms + 12_345


def test_until_then_it_runs_so_many_times_faster() -> None:
    clock = SimClock(60, NOW_MS - DAY_MS, NOW_MS)
    assert clock.now_ms(NOW_MS) == NOW_MS - DAY_MS
    assert clock.now_ms(NOW_MS + 1_000) == NOW_MS - DAY_MS + 60_000


def test_a_start_in_the_future_is_the_present() -> None:
    assert SimClock(10, NOW_MS + DAY_MS, NOW_MS).now_ms(NOW_MS + 7) == NOW_MS + 7


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(SettingsError, match="speed"):
        SimClock(speed, 0, 0)
