"""Rain from a gauge's running total: amounts, times, and what is unknown."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.climate.rain import Rain, largest_event_mm, read_gauge, sum_rain
from tests.examples import examples

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def gauge(*words: tuple[float, float]) -> Rain:
    """The rain by words of (hours, total)."""
    hours, totals = np.array(words).T
    return read_gauge((hours * HOUR_MS).astype(np.int64), totals)


def test_a_restarted_gauge_counts_from_zero() -> None:
    rain = gauge((0, 100.0), (0.5, 101.0), (1.0, 0.4), (1.5, 0.8))
    assert sum_rain(rain, 0, 3 * HOUR_MS // 2).mm == pytest.approx(1.8)
    assert sum_rain(rain, 0, 3 * HOUR_MS // 2).coverage == 1.0


def test_rain_of_a_gap_with_a_restart_is_unknown() -> None:
    rain = gauge((0, 100.0), (0.5, 101.0), (6.5, 2.0), (7.0, 2.6))
    told = sum_rain(rain, 0, 7 * HOUR_MS)
    assert told.mm == pytest.approx(1.6)
    assert told.coverage == pytest.approx(1 / 7)


def test_rain_of_a_gap_belongs_to_the_period_that_contains_all_of_it() -> None:
    rain = gauge((0, 0.0), (1, 0.0), (9, 8.0), (10, 8.0))
    whole, first = sum_rain(rain, 0, 10 * HOUR_MS), sum_rain(rain, 0, 5 * HOUR_MS)
    assert (whole.mm, whole.coverage) == (8.0, 1.0)
    assert (first.mm, first.coverage) == (0.0, 0.2)
    # Where the total did not rise nothing fell, whichever side of an end.
    assert sum_rain(gauge((0, 3.0), (10, 3.0)), 0, 5 * HOUR_MS).coverage == 1.0


def test_no_gauge_ever_rained_a_hundred_millimetres_in_a_minute() -> None:
    time_ms = MINUTE_MS * np.arange(4, dtype=np.int64)
    told = sum_rain(read_gauge(time_ms, np.array([0.0, 0.2, 100.0, 100.4])), 0, 3 * MINUTE_MS)
    assert told.mm == pytest.approx(0.6)
    assert told.coverage == pytest.approx(2 / 3)


def test_an_event_ends_with_six_dry_hours_and_a_gap_is_none() -> None:
    rain = gauge((0, 0.0), (1, 5.0), (2, 5.0), (3, 9.0), *((hour, 9.0) for hour in range(4, 10)), (10, 16.0))
    assert largest_event_mm(rain, 0, 20 * HOUR_MS) == pytest.approx(9.0)
    assert largest_event_mm(rain, 3 * HOUR_MS, 20 * HOUR_MS) == pytest.approx(7.0)
    assert largest_event_mm(gauge((0, 0.0), (8, 30.0)), 0, 9 * HOUR_MS) == 0.0


def test_silence_is_no_dry_day() -> None:
    assert sum_rain(gauge((0, 5.0)), 0, HOUR_MS).coverage == 0.0
    assert sum_rain(gauge((0, 5.0), (1, 5.0)), 2 * HOUR_MS, 4 * HOUR_MS).coverage == 0.0


_STEPS = st.lists(st.tuples(st.integers(1, 135), st.integers(0, 8), st.booleans()), min_size=2, max_size=60)


@settings(max_examples=examples(60), deadline=None)
@given(_STEPS, st.integers(1, 5))
def test_the_rain_of_parts_adds_up_to_the_whole_and_to_the_tips(steps: list[tuple[int, int, bool]], parts: int) -> None:
    """Restarts happen right after a word, so that no tip is unheard; steps of up to 135 minutes."""
    minute, total, tips = 0, 50, 0
    times, totals = [0], [total]
    for minutes, fell, restarts in steps:
        minute += minutes
        total = fell if restarts and fell < total else total + fell
        tips += fell if not (restarts and minutes > 90 and total < totals[-1]) else 0
        times.append(minute)
        totals.append(total)
    rain = read_gauge(MINUTE_MS * np.array(times, np.int64), 0.2 * np.array(totals))
    whole = sum_rain(rain, 0, minute * MINUTE_MS)
    assert whole.mm == pytest.approx(0.2 * tips)
    edges = np.linspace(0, minute * MINUTE_MS, parts + 1).astype(np.int64).tolist()
    told = [sum_rain(rain, start, end) for start, end in pairwise(edges)]
    assert sum(one.mm for one in told) <= whole.mm + 1e-9
    if all(one.coverage > 1.0 - 1e-9 for one in told):
        assert sum(one.mm for one in told) == pytest.approx(whole.mm)
