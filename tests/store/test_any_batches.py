"""Any batches, split and repeated in any order: each (series, time) is stored once, with the first value."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import Buckets, Latest, SeriesFilter, SeriesKey, Store, WriteResult
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, key, rows_of

KEYS = [key("air_temperature_degc"), key("co2_ppm"), key("altitude_m", device="uav-1", kind="drone")]
ROW = st.tuples(st.sampled_from(KEYS), st.integers(-5, 60), st.sampled_from([0.0, 1.5, -2.0]), st.integers(1, 4))
BATCH = st.lists(ROW, max_size=30)
RUN = st.tuples(st.sampled_from(KEYS), st.integers(0, 50), st.integers(1, 20)).map(
    lambda run: [(run[0], run[1] + step, float(run[1] + step), 1) for step in range(run[2])]
)
BATCHES = st.lists(st.one_of(BATCH, RUN), min_size=1, max_size=8)

Rows = list[tuple[SeriesKey, int, float, int]]


def first_values(batches: list[Rows]) -> Rows:
    kept: dict[tuple[SeriesKey, int], tuple[float, int]] = {}
    for rows in batches:
        for series, time_ms, value, quality in rows:
            kept.setdefault((series, time_ms), (value, quality))
    return sorted(
        ((series, time_ms, *sample) for (series, time_ms), sample in kept.items()),
        key=lambda row: (row[0].kind, row[0].device, row[0].channel, row[1]),
    )


def kind_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: (row[0].kind, row[0].device, row[0].channel, row[1]))


@settings(max_examples=examples(25), deadline=None)
@given(batches=BATCHES, again=st.lists(st.integers(0, 7), max_size=4))
def test_the_store_holds_each_series_and_time_once_with_the_first_value(
    make_store: Callable[[Path], Store], batches: list[Rows], again: list[int]
) -> None:
    sent = batches + [batches[number % len(batches)] for number in again]
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder))
        results = [store.write(batch(*rows)) for rows in sent]
        assert kind_order(rows_of(store)) == first_values(sent)
        for result, rows in zip(results, sent, strict=True):
            assert result.accepted + result.duplicate + result.conflicting == len(rows)
        assert sum(result.accepted for result in results) == store.info().points == len(first_values(sent))
        store.close()


@settings(max_examples=examples(25), deadline=None)
@given(
    batches=BATCHES,
    until_ms=st.lists(st.integers(0, 70), min_size=8, max_size=8),
    cut_at=st.integers(0, 8),
    cut_ms=st.integers(-6, 60),
    reopen_at=st.integers(0, 8),
    step_ms=st.integers(1, 25),
)
def test_duckdb_answers_as_the_reference_does(
    batches: list[Rows], until_ms: list[int], cut_at: int, cut_ms: int, reopen_at: int, step_ms: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.duckdb"
        memory: Store = MemoryStore()
        duck: Store = DuckDBStore(path)
        for number, rows in enumerate(batches):
            if number == cut_at:
                assert duck.delete_before(ORG, cut_ms) == memory.delete_before(ORG, cut_ms)
            if number == reopen_at:
                duck.close()
                duck = DuckDBStore(path)
            sent = batch(*rows, latest_until_ms=until_ms[number])
            assert duck.write(sent) == memory.write(sent)
            assert duck.last(EVERYTHING) == memory.last(EVERYTHING)
        assert_same_answers(duck, memory, step_ms)
        duck.close()
        duck = DuckDBStore(path)
        assert_same_answers(duck, memory, step_ms)
        duck.close()


def assert_same_answers(duck: Store, memory: Store, step_ms: int) -> None:
    assert rows_of(duck) == rows_of(memory)
    assert duck.series(EVERYTHING) == memory.series(EVERYTHING)
    assert duck.last(EVERYTHING) == memory.last(EVERYTHING)
    assert duck.devices(ORG) == memory.devices(ORG)
    for which in (EVERYTHING, SeriesFilter(ORG, device="gh-1")):
        window = (which, 3, 47, step_ms, 2)
        assert_same_buckets(duck.buckets(*window), memory.buckets(*window))
    told, expected = duck.info(), memory.info()
    assert (told.points, told.series) == (expected.points, expected.series)
    assert told.counters["conflicts"] == expected.counters["conflicts"]


def assert_same_buckets(found: list[Buckets], expected: list[Buckets]) -> None:
    assert [each.key for each in found] == [each.key for each in expected]
    for one, other in zip(found, expected, strict=True):
        for name in ("start_ms", "count", "low", "high", "last"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [1, 3, 5000])
def test_a_large_shuffled_batch_is_stored_exactly(store: Store, count: int) -> None:
    random = np.random.default_rng(count)
    rows: Rows = [
        (KEYS[int(which)], int(time_ms), float(time_ms), 1)
        for which, time_ms in zip(random.integers(0, 3, count), random.integers(0, 2 * count, count), strict=True)
    ]
    once = len({row[:2] for row in rows})
    assert store.write(batch(*rows)) == WriteResult(once, duplicate=count - once)
    assert store.write(batch(*reversed(rows))) == WriteResult(0, duplicate=count)
    newest: list[Latest] = store.last(EVERYTHING)
    assert {latest.key: latest.time_ms for latest in newest} == {
        series: max(row[1] for row in rows if row[0] == series) for series in {row[0] for row in rows}
    }
