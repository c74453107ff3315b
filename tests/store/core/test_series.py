"""Frontiers: a sample without look-up is surely not stored. A catalog selects all series that it has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.core import series
from headland.store.core.selection import matches, order_of
from headland.store.core.series import NEVER_MS, Frontier, SeriesCatalog
from headland.store.port import SeriesFilter, SeriesKey
from tests.examples import examples
from tests.store.batches import ORG, key

STEPS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=25)


def take_in(frontier: Frontier, time_ms: int, *, may_be_latest: bool) -> None:
    sid, times = np.array([0], np.int32), np.array([time_ms], np.int64)
    if may_be_latest:
        frontier.advance(sid, times, np.array([float(time_ms)]), np.array([1], np.uint8))
    else:
        frontier.advance_ahead(sid, times)


@settings(max_examples=examples(200), deadline=None)
@given(STEPS, st.integers(0, 31))
def test_a_surely_new_sample_is_never_stored_yet(steps: list[tuple[int, bool]], cut_ms: int) -> None:
    frontier = Frontier()
    frontier.grow(1)
    stored: set[int] = set()
    latest = NEVER_MS
    for time_ms, may_be_latest in steps:
        if time_ms not in stored:
            take_in(frontier, time_ms, may_be_latest=may_be_latest)
            stored.add(time_ms)
            latest = max(latest, time_ms) if may_be_latest else latest
    for _ in range(2):
        asked = np.arange(-1, 32, dtype=np.int64)
        new = frontier.surely_new(np.zeros(len(asked), np.int32), asked)
        assert not stored & set(asked[new].tolist())
        assert frontier.latest_ms[0] == latest
        assert frontier.holds_samples(0) == bool(stored)
        frontier.cut(np.array([0], np.int32), cut_ms)
        stored = {time_ms for time_ms in stored if time_ms >= cut_ms}
        latest = latest if latest >= cut_ms else NEVER_MS


def test_a_series_in_order_needs_no_look_up() -> None:
    frontier = Frontier()
    frontier.grow(1)
    take_in(frontier, 10, may_be_latest=True)
    sid = np.zeros(3, np.int32)
    assert frontier.surely_new(sid, np.array([9, 10, 11])).tolist() == [False, False, True]


def test_a_clock_that_ran_ahead_costs_its_series_no_look_up_until_then() -> None:
    frontier = Frontier()
    frontier.grow(1)
    take_in(frontier, 10, may_be_latest=True)
    take_in(frontier, 5000, may_be_latest=False)
    sid = np.zeros(4, np.int32)
    assert frontier.surely_new(sid, np.array([11, 4999, 5000, 5001])).tolist() == [True, True, False, True]


def test_a_series_never_seen_holds_nothing() -> None:
    frontier = Frontier()
    assert frontier.surely_new(np.array([0, 3], np.int32), np.array([1, 1])).tolist() == [True, True]
    frontier.grow(1)
    take_in(frontier, 10, may_be_latest=True)
    assert frontier.surely_new(np.array([0, 999], np.int32), np.array([1, 1])).tolist() == [False, True]


FILTERS = [
    SeriesFilter(ORG),
    SeriesFilter(ORG, device="gh-1"),
    SeriesFilter(ORG, channels=frozenset({"co2_ppm"}), kind="greenhouse"),
    SeriesFilter("other"),
]
KEYS = st.builds(
    lambda channel, device, organisation: key(channel, device=device, organisation=organisation),
    st.sampled_from(["co2_ppm", "air_temperature_degc"]),
    st.sampled_from(["gh-1", "gh-2", "gh-10"]),
    st.sampled_from([ORG, "other"]),
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.one_of(KEYS, st.sampled_from(FILTERS)), max_size=30), st.sampled_from([0, 60, 100_000]))
def test_a_filter_selects_all_series_of_now_in_order_however_often_it_was_asked(
    actions: list[SeriesKey | SeriesFilter], most_remembered: int
) -> None:
    catalog = SeriesCatalog()
    added: list[SeriesKey] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "_MOST_SELECTED_IDS", most_remembered)
        for action in [*actions, *FILTERS]:
            if isinstance(action, SeriesFilter):
                found = [catalog.key(sid) for sid in catalog.select(action)]
                assert found == sorted((one for one in added if matches(action, one)), key=order_of)
            elif action not in added:
                catalog.add([action])
                added.append(action)
