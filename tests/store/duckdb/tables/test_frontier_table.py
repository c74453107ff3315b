"""The saved frontier of a DuckDB store: opening with it gives the state that reading every row would give."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headland.store.core.stale_rollups import DirtyHours, TouchedHours
from headland.store.duckdb.paths import wal_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.contents import load_state
from headland.store.duckdb.tables.frontier_table import POSITIONS
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, key

KEYS = [key("air_temperature_degc"), key("co2_ppm"), key("air_temperature_degc", device="gh-2")]
NOW_MS = 400 * DAY_MS


def write_some(store: DuckDBStore, number: int) -> None:
    """Write samples in order, late ones, and some of a clock that is ahead."""
    chance = np.random.default_rng(number)
    rows = [
        (KEYS[int(which)], int(time_ms), float(time_ms) / 8)
        for which, time_ms in zip(chance.integers(0, 3, 40), chance.integers(0, 9 * DAY_MS, 40), strict=True)
    ]
    store.write(batch(*dict.fromkeys(rows), latest_until_ms=int(chance.integers(DAY_MS, 9 * DAY_MS))))


STEPS: dict[str, Callable[[DuckDBStore, int], object]] = {
    "write": write_some,
    "checkpoint": lambda store, number: store._writer.checkpoint(),
    "roll up": lambda store, number: store.roll_up(),
    "compact": lambda store, number: store.compact(NOW_MS),
    "rewrite": lambda store, number: store._writer.rewrite(lambda words, done: None),
    "delete": lambda store, number: store.delete_before(ORG, number % 9 * DAY_MS // 2),
}


def state_of(path: Path, *, with_saved: bool) -> tuple[list[list[object]], list[int]]:
    """Return points and frontier as opening loads them, and apart from it how far nothing is stored above the latest.

    That is at most the oldest sample there: after a deletion the next one is not known without reading.
    """
    with duckdb.connect(str(path)) as connection:
        if not with_saved:
            connection.execute(f"DELETE FROM {POSITIONS}")
        state = load_state(connection)
    columns = state.frontier.columns(len(state.catalog))
    ahead_ms = columns.pop("ahead_ms").tolist()
    return [[state.points], *(column.tolist() for column in columns.values())], ahead_ms


@settings(max_examples=examples(4), deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=7))
@example(["write", "roll up", "compact", "write", "delete", "write", "checkpoint", "write"])
@example(["write", "checkpoint", "rewrite", "write"])
def test_a_store_opens_after_a_crash_with_what_reading_every_row_would_give(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("frontier")
    store = DuckDBStore(folder / "open.duckdb")
    for number, step in enumerate(["write", *steps]):
        STEPS[step](store, number)
    for name in ("with", "without"):
        shutil.copyfile(folder / "open.duckdb", folder / f"{name}.duckdb")
        if wal_of(folder / "open.duckdb").exists():
            shutil.copyfile(wal_of(folder / "open.duckdb"), wal_of(folder / f"{name}.duckdb"))
    store.close()
    read, oldest_ahead_ms = state_of(folder / "without.duckdb", with_saved=False)
    for name in ("with", "open"):
        saved, ahead_ms = state_of(folder / f"{name}.duckdb", with_saved=True)
        assert saved == read
        assert all(saved_ms <= oldest_ms for saved_ms, oldest_ms in zip(ahead_ms, oldest_ahead_ms, strict=True))


def test_opening_reads_only_the_rows_since_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    store = DuckDBStore(path)
    store.write(batch(*((KEYS[0], time_ms, 1.0) for time_ms in range(1000))))
    store.close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute(f"SELECT next_row FROM {POSITIONS}").fetchall() == [(1000,)]
        # A row that is not read cannot change what opening gives.
        connection.execute("UPDATE points SET v = 99.0 WHERE second_s = 0 AND part_ms = 999")
    store = DuckDBStore(path)
    assert [latest.value for latest in store.last(EVERYTHING)] == [1.0]
    store.close()


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5)), max_size=60, unique=True),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 5)), max_size=60, unique=True),
)
def test_dirty_hours_are_those_that_were_added(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    dirty = DirtyHours()
    for pairs in (first, second):
        hours = np.array([hour * HOUR_MS for _, hour in pairs], np.int64)
        sids = np.array([sid for sid, _ in pairs], np.int32)
        dirty.add(TouchedHours(np.unique(hours).tolist(), sids, hours), 1.0)
    expected = {(sid, hour * HOUR_MS) for sid, hour in (*first, *second)}
    if expected:
        sid, hour = dirty.pairs(dirty.quiet(2.0))
        assert set(zip(sid.tolist(), hour.tolist(), strict=True)) == expected
