"""Instants are stored as seconds and the rest: every one comes back, and windows at any millisecond are exact."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.duckdb import sql
from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import SeriesKey, Store
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, key, rows_of
from tests.store.earlier_schema import write_as_schema

A, B = key("air_temperature_degc"), key("co2_ppm")
#: Around the seconds where 1970 begins, around those of today, and at the ends of what windows can ask for.
EDGES = (0, 1_780_272_000_000, -1_780_272_000_000, 2**62 - 5_000, 5_000 - 2**62)
NEAR = st.tuples(st.sampled_from(EDGES), st.integers(-2_500, 2_500)).map(sum)


@pytest.mark.parametrize(
    "time_ms",
    [
        *(
            pytest.param(time_ms, marks=pytest.mark.long)
            for time_ms in (*range(-2_001, 2_002, 333), -999, -1_000, 1_000)
        ),
        *(-1, 0, 1, 999, 2**62 - 1, -(2**62), 1_780_272_000_123),
    ],
)
def test_an_instant_comes_back_as_it_was_written(tmp_path: Path, time_ms: int) -> None:
    path = tmp_path / "store.duckdb"
    store = DuckDBStore(path)
    assert store.write(batch((A, time_ms, 1.5))).accepted == 1
    for _ in range(2):
        assert rows_of(store) == [(A, time_ms, 1.5, 1)]
        assert [each.time_ms for each in store.last(EVERYTHING)] == [time_ms]
        assert (store.figures().oldest_ms, store.figures().newest_ms) == (time_ms, time_ms)
        for start_ms, end_ms, found in ((0, 1, 1), (-1, 0, 0), (1, 2, 0), (-1, 2, 1)):
            assert len(store.raw(EVERYTHING, time_ms + start_ms, time_ms + end_ms)) == found
        assert store.write(batch((A, time_ms, 1.5), (A, time_ms, 2.5))).duplicate == 1
        store.close()
        store = DuckDBStore(path)
    assert [each.time_ms for each in store.conflicts(ORG, time_ms, time_ms + 1)] == [time_ms]
    assert (store.delete_before(ORG, time_ms), store.delete_before(ORG, time_ms + 1)) == (0, 1)
    store.close()


def test_the_ends_of_64_bits_are_stored_exactly(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.duckdb", tmp_path / "copy.duckdb"
    ends = [-(2**63), 1 - 2**63, 0, 2**63 - 2, 2**63 - 1]
    store = DuckDBStore(path)
    assert store.write(batch(*((A, time_ms, 1.0) for time_ms in ends))).accepted == 5
    assert store.write(batch(*((A, time_ms, 1.0) for time_ms in ends))).duplicate == 5
    assert (store.figures().oldest_ms, store.figures().newest_ms) == (ends[0], ends[-1])
    store.close()
    write_as_schema(4, path, copy)
    DuckDBStore(copy).close()
    for each in (path, copy):
        with duckdb.connect(str(each), read_only=True) as connection:
            assert connection.execute(f"SELECT ts FROM {sql.SAMPLES} ORDER BY ts").fetchall() == [(at,) for at in ends]


@settings(max_examples=examples(20), deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from([A, B]), NEAR, st.sampled_from([0.0, 1.5])), max_size=40),
    windows=st.lists(st.tuples(NEAR, st.integers(0, 5_000), st.integers(1, 2_100)), min_size=1, max_size=6),
    cut_ms=NEAR,
    limit=st.integers(0, 5),
)
def test_windows_at_any_millisecond_equal_the_plain_answer(
    rows: list[tuple[SeriesKey, int, float]], windows: list[tuple[int, int, int]], cut_ms: int, limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory, duck = MemoryStore(), DuckDBStore(Path(folder) / "store.duckdb")
        stores: tuple[Store, Store] = (memory, duck)
        # The later half comes late, and some of it again.
        for part in (rows[::2], rows):
            assert duck.write(batch(*part)) == memory.write(batch(*part))
        assert_same_windows(stores, windows, limit)
        duck.roll_up()
        duck._writer.rewrite(lambda words, done: None)
        assert duck.delete_before(ORG, cut_ms) == memory.delete_before(ORG, cut_ms)
        assert rows_of(duck) == rows_of(memory)
        assert_same_windows(stores, [window for window in windows if window[0] >= cut_ms], limit)
        duck.close()


def assert_same_windows(stores: tuple[Store, Store], windows: list[tuple[int, int, int]], limit: int) -> None:
    for start_ms, length_ms, step_ms in windows:
        end_ms = start_ms + length_ms
        raw = [
            [
                (each.key, each.time_ms.tolist(), each.value.tolist())
                for most, newest in ((None, False), (limit, False), (limit, True))
                for each in store.raw(EVERYTHING, start_ms, end_ms, most, newest=newest)
            ]
            for store in stores
        ]
        assert raw[0] == raw[1]
        buckets = [
            [
                (each.key, *(getattr(each, name).tolist() for name in ("start_ms", "count", "low", "high", "last")))
                for each in store.buckets(EVERYTHING, start_ms, end_ms, step_ms)
            ]
            for store in stores
        ]
        assert buckets[0] == buckets[1]
        conflicts = [store.conflicts(ORG, start_ms, end_ms) for store in stores]
        assert [(each.key, each.time_ms, each.value) for each in conflicts[0]] == [
            (each.key, each.time_ms, each.value) for each in conflicts[1]
        ]
