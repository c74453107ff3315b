"""Deduplication against a plain implementation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.core.dedup import find_firsts, find_newest, find_order, find_runs, split_windows
from tests.examples import examples

SAMPLES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=40)


def columns(samples: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s for s, _ in samples], np.int32), np.array([t for _, t in samples], np.int64)


@settings(max_examples=examples(200), deadline=None)
@given(SAMPLES)
def test_firsts_name_the_earliest_position_of_each_series_and_time(samples: list[tuple[int, int]]) -> None:
    first = find_firsts(*columns(samples))
    expected = [samples.index(sample) for sample in samples]
    if len(set(samples)) == len(samples):
        assert first is None
    else:
        assert first is not None
        assert first.tolist() == expected


@settings(max_examples=examples(200), deadline=None)
@given(SAMPLES.map(lambda samples: list(dict.fromkeys(samples))), st.booleans())
def test_samples_are_put_in_order_of_series_and_time(samples: list[tuple[int, int]], halves: bool) -> None:
    if halves:
        # Two sorted parts, as a file has whose weeks were sorted one by one.
        cut = len(samples) // 2
        samples = sorted(samples[:cut]) + sorted(samples[cut:])
    order = find_order(*columns(samples))
    if order is None:
        assert samples == sorted(samples)
    else:
        assert [samples[at] for at in order.tolist()] == sorted(samples)


@settings(max_examples=examples(100), deadline=None)
@given(SAMPLES)
def test_runs_cover_all_and_rise_inside(samples: list[tuple[int, int]]) -> None:
    starts, ends = find_runs(*columns(samples))
    covered = [at for start, end in zip(starts.tolist(), ends.tolist(), strict=True) for at in range(start, end + 1)]
    assert covered == list(range(len(samples)))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        run = samples[start : end + 1]
        assert len({series for series, _ in run}) == 1
        assert [time for _, time in run] == sorted({time for _, time in run})


@settings(max_examples=examples(100), deadline=None)
@given(SAMPLES)
def test_newest_is_one_position_for_each_series(samples: list[tuple[int, int]]) -> None:
    found = [samples[at] for at in find_newest(*columns(samples)).tolist()]
    assert found == sorted(max(s for s in samples if s[0] == series) for series in {s[0] for s in samples})


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(1, 200), st.integers(1, 4))
def test_windows_hold_every_time_and_are_few(times: list[int], gap_ms: int, most: int) -> None:
    windows = split_windows(np.array(times, np.int64), gap_ms, most)
    assert len(windows) <= most
    assert all(any(low <= time <= high for low, high in windows) for time in times)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(windows))
    assert {edge for window in windows for edge in window} <= set(times)


def test_windows_part_at_the_widest_gaps() -> None:
    times = np.array([0, 1, 100, 101, 5000, 5001], np.int64)
    assert split_windows(times, 50, 8) == [(0, 1), (100, 101), (5000, 5001)]
    assert split_windows(times, 50, 2) == [(0, 101), (5000, 5001)]
    assert split_windows(times, 50, 1) == [(0, 5001)]
