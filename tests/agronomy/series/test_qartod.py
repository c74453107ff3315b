"""QARTOD tests of stored samples against ioos-qc 3.0.0 on one vector, and a drifting sensor against its twin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.series.qartod import (
    check_flat_line,
    check_range,
    check_rate,
    check_spike,
    check_twin,
    find_drift,
    worst_of,
)

NAN = np.nan
#: Samples with the flags of ioos-qc, shared with the gateway's tests in `tests/edge/pipeline/channels`.
VECTORS = json.loads((Path(__file__).parents[2] / "qartod_vectors.json").read_text())
VALUE = np.array([NAN if value is None else value for value in VECTORS["values"]])
TIME_MS = np.arange(len(VALUE), dtype=np.int64) * VECTORS["interval_s"] * 1000


def test_the_tests_flag_what_ioos_qc_flags() -> None:
    span, spike = VECTORS["gross_range"], VECTORS["spike_average"]
    rate, flat = VECTORS["rate_of_change"], VECTORS["flat_line"]
    per_s = rate["limits"]["suspect"] / rate["limits"]["within_s"]
    assert check_range(VALUE, **{name: tuple(pair) for name, pair in span["limits"].items()}).tolist() == span["flags"]
    assert check_spike(VALUE, spike["limits"]["suspect"], spike["limits"]["fail"]).tolist() == spike["flags"]
    assert check_rate(TIME_MS, VALUE, per_s).tolist() == rate["flags"]
    assert check_flat_line(TIME_MS, VALUE, **flat["limits"]).tolist() == flat["flags"]


def test_a_range_includes_its_ends() -> None:
    assert check_range(np.array([0.0, 50.0, 5.0, 45.0, 4.9, 45.1]), (0.0, 50.0), (5.0, 45.0)).tolist() == [
        3,
        3,
        1,
        1,
        3,
        3,
    ]


def test_the_worst_flag_counts_and_missing_stays_missing() -> None:
    one, other = np.array([1, 2, 3, 9, 2], np.uint8), np.array([2, 2, 4, 1, 3], np.uint8)
    assert worst_of([one, other]).tolist() == [1, 2, 4, 9, 3]


def test_a_twin_shows_who_stands_off() -> None:
    twin = np.array([20.0, 20.5, 23.0, NAN, 20.0])
    assert check_twin(np.array([20.2, 20.4, 20.0, 20.0, NAN]), twin, 1.0, 2.5).tolist() == [1, 1, 4, 2, 9]


def test_a_drift_is_found_with_its_error_and_an_offset_is_none() -> None:
    rng = np.random.default_rng(2)
    time_ms = np.arange(0, 20 * 86_400_000, 600_000, dtype=np.int64)
    twin = 20.0 + 5.0 * np.sin(time_ms / 86_400_000 * 2 * np.pi)
    drifting = twin + 0.05 * time_ms / 86_400_000 + rng.normal(0.0, 0.2, len(time_ms))
    found = find_drift(time_ms, drifting, twin)
    assert found is not None
    assert found[0] == pytest.approx(0.05, abs=3 * found[1])
    assert found[1] < 0.005
    offset = find_drift(time_ms, twin + 1.5 + rng.normal(0.0, 0.2, len(time_ms)), twin)
    assert offset is not None
    assert abs(offset[0]) < 4 * offset[1]
    assert find_drift(time_ms[:29], drifting[:29], twin[:29]) is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 900), st.one_of(st.none(), st.sampled_from([1.0, 1.01, 1.02, 5.0]))), max_size=40)
)
def test_a_flat_line_is_one_by_looking_at_every_sample(steps: list[tuple[int, float | None]]) -> None:
    time_ms = np.cumsum([seconds * 1000 for seconds, _ in steps]).astype(np.int64)
    value = np.array([NAN if number is None else number for _, number in steps])
    found = check_flat_line(time_ms, value, suspect_s=1200.0, fail_s=2400.0, tolerance=0.015)
    for at in range(len(value)):
        expected = 9 if np.isnan(value[at]) else 1
        for limit_ms, flag in ((1_200_000, 3), (2_400_000, 4)):
            inside = (time_ms >= time_ms[at] - limit_ms) & (np.arange(len(value)) <= at)
            if expected != 9 and time_ms[at] - time_ms[0] >= limit_ms and np.ptp(value[inside]) < 0.015:
                expected = flag
        assert found[at] == expected
