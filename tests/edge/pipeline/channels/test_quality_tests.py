"""QARTOD tests: names, flags and results of the IOOS manuals and of ioos-qc."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.channels.quality_tests import (
    FlatCheck,
    GapCheck,
    RateCheck,
    check_range,
    check_spike,
    check_twin,
    combine,
)
from edge.pipeline.channels.settings import FlatLine, GrossRange, RateOfChange, Spike
from headland.contract.records import Quality

#: Samples with the flags of ioos-qc, shared with `tests/agronomy/series/test_sensor_health.py`.
VECTORS = json.loads((Path(__file__).parents[3] / "qartod_vectors.json").read_text())
VALUES: list[float | None] = VECTORS["values"]
EVERY_MS = VECTORS["interval_s"] * 1000

ORDER = st.integers(1, 100_000)
NUMBERS = st.floats(-1e6, 1e6)
SERIES = st.lists(st.tuples(ORDER, st.one_of(st.none(), NUMBERS)), max_size=60)


def series(steps: list[tuple[int, float | None]]) -> list[tuple[int, float | None]]:
    time_ms, samples = 0, []
    for wait_ms, value in steps:
        time_ms += wait_ms
        samples.append((time_ms, value))
    return samples


def test_gross_range_equals_ioos_qc() -> None:
    limits = msgspec.convert(VECTORS["gross_range"]["limits"], GrossRange)
    assert [int(check_range(value, limits)) for value in VALUES] == VECTORS["gross_range"]["flags"]


@pytest.mark.parametrize("method", ["average", "differential"])
def test_spike_equals_ioos_qc(method: str) -> None:
    vector = VECTORS[f"spike_{method}"]
    limits = msgspec.convert(vector["limits"], Spike)
    around = (None, *VALUES, None)
    flags = [int(check_spike(around[at], around[at + 1], around[at + 2], limits)) for at in range(len(VALUES))]
    assert flags == vector["flags"]


def test_rate_of_change_equals_ioos_qc_but_is_never_good_without_a_value_before() -> None:
    check = RateCheck(msgspec.convert(VECTORS["rate_of_change"]["limits"], RateOfChange))
    flags = [int(check.check(at * EVERY_MS, value)) for at, value in enumerate(VALUES)]
    first = [at for at, value in enumerate(VALUES) if value is not None and (at == 0 or VALUES[at - 1] is None)]
    expected = [2 if at in first else flag for at, flag in enumerate(VECTORS["rate_of_change"]["flags"])]
    assert first == [0, 10]
    assert flags == expected


def test_flat_line_equals_ioos_qc() -> None:
    check = FlatCheck(msgspec.convert(VECTORS["flat_line"]["limits"], FlatLine))
    flags = [int(check.check(at * EVERY_MS, value)) for at, value in enumerate(VALUES)]
    assert flags == VECTORS["flat_line"]["flags"]


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 3), (50, 3), (45, 1), (-0.1, 4), (50.1, 4), (4.9, 3), (5, 1), (45.1, 3), (None, 9)]
)
def test_a_gross_range_includes_its_limits(value: float | None, expected: int) -> None:
    assert check_range(value, GrossRange(fail=(0, 50), suspect=(5, 45))) == expected


def test_without_limits_the_range_is_not_evaluated() -> None:
    assert check_range(7, GrossRange()) == Quality.NOT_EVALUATED


def test_noise_between_close_samples_and_a_slow_rise_are_no_steps() -> None:
    check = RateCheck(RateOfChange(suspect=3, fail=6, within_s=60))
    assert [check.check(at * 1000, value) for at, value in enumerate((20, 20.4, 20, 22.9, 20))][1:] == [1, 1, 1, 1]
    assert check.check(5000, 23.5) == Quality.SUSPECT
    assert check.check(6000, 30) == Quality.FAIL
    assert check.check(306_000, 44) == Quality.GOOD, "14 K in five minutes is less than 3 K a minute"
    assert check.check(306_000, 44) == Quality.NOT_EVALUATED, "no time has passed"


def test_saturated_air_is_rightly_flat() -> None:
    check = FlatCheck(FlatLine(tolerance=0.1, suspect_s=600, between=(2, 98)))
    assert {check.check(at * 60_000, 100.0) for at in range(100)} == {Quality.GOOD}
    assert [check.check(6_000_000 + at * 60_000, 80.0) for at in range(12)][9:] == [1, 3, 3]


def test_a_late_sample_names_the_time_before_it_and_is_reported_after_ten_that_were_in_time() -> None:
    check = GapCheck(30.0)
    flags = [(check.check(time_s * 1000), check.is_reported) for time_s in (0, 30, 61, 100, 110, 200)]
    assert flags == [(None, False), (None, False), (30_000, True), (61_000, False), (None, False), (110_000, False)]
    for time_s in range(210, 310, 10):
        assert check.check(time_s * 1000) is None
    assert (check.check(400_000), check.is_reported) == (300_000, True)


def test_a_twin_may_differ_by_its_limit() -> None:
    assert check_twin(20, 22, 2) == Quality.GOOD
    assert check_twin(20, 22.1, 2) == Quality.SUSPECT
    assert check_twin(20, None, 2) == Quality.NOT_EVALUATED
    assert check_twin(None, 20, 2) == Quality.MISSING


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], 2), ([2, 2], 2), ([2, 1], 1), ([1, 3, 2], 3), ([4, 3, 1], 4), ([9, 4], 9)],
)
def test_several_flags_become_the_worst_and_good_where_any_test_was_evaluated(flags: list[int], expected: int) -> None:
    assert combine(Quality(flag) for flag in flags) == expected


@given(SERIES, st.floats(0.1, 1e5), st.floats(1, 3600))
def test_a_sample_is_suspect_exactly_where_it_moves_more_than_allowed(
    steps: list[tuple[int, float | None]], most: float, within_s: float
) -> None:
    check = RateCheck(RateOfChange(suspect=most, within_s=within_s))
    last: tuple[int, float] | None = None
    for time_ms, value in series(steps):
        flag = check.check(time_ms, value)
        if value is None:
            assert flag == Quality.MISSING
        elif last is None:
            assert flag == Quality.NOT_EVALUATED
        else:
            allowed = most * max((time_ms - last[0]) / 1000 / within_s, 1.0)
            assert flag == (Quality.SUSPECT if abs(value - last[1]) > allowed else Quality.GOOD)
        last = None if value is None else (time_ms, value)


@given(SERIES, st.floats(0.1, 100), st.integers(1, 500))
def test_a_flat_series_has_not_moved_for_the_set_time(
    steps: list[tuple[int, float | None]], tolerance: float, suspect_s: int
) -> None:
    check = FlatCheck(FlatLine(tolerance=tolerance, suspect_s=suspect_s, fail_s=2 * suspect_s))
    seen: list[tuple[int, float]] = []
    for time_ms, value in series(steps):
        flag = check.check(time_ms, value)
        if value is None:
            seen = []
            continue
        seen.append((time_ms, value))
        if flag in (Quality.SUSPECT, Quality.FAIL):
            span_s = suspect_s if flag == Quality.SUSPECT else 2 * suspect_s
            window = [sample for at, sample in seen if at >= time_ms - span_s * 1000]
            assert time_ms - seen[0][0] >= span_s * 1000
            assert max(window) - min(window) < tolerance


@given(st.floats(-50, 50), st.integers(2, 400), st.integers(60, 600))
def test_a_value_that_never_changes_is_flagged_flat_in_time(value: float, count: int, every_s: int) -> None:
    check = FlatCheck(FlatLine(tolerance=0.05, suspect_s=3600, fail_s=7200))
    for at in range(count):
        flat_s = at * every_s
        expected = Quality.FAIL if flat_s >= 7200 else Quality.SUSPECT if flat_s >= 3600 else Quality.GOOD
        assert check.check(flat_s * 1000, value) == expected


@given(NUMBERS, NUMBERS, NUMBERS, st.floats(0.1, 1e6))
def test_no_value_between_its_neighbours_is_a_differential_spike(a: float, b: float, c: float, most: float) -> None:
    low, middle, high = sorted((a, b, c))
    limits = Spike(suspect=most, method="differential")
    assert check_spike(low, middle, high, limits) == check_spike(high, middle, low, limits) == Quality.GOOD
    assert check_spike(low, low + 3 * most, low, limits) == Quality.SUSPECT
