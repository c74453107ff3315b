"""Answers from memory are those of the file, whatever is written, deleted or opened again between them."""

from __future__ import annotations

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.core.rollup import Retention
from headland.store.core.sample_cache import SampleCache
from headland.store.duckdb.cached_reads import CachedReads
from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import Samples, SeriesFilter, SeriesKey
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, Row, batch, key, rows_of
from tests.store.test_any_batches import assert_same_buckets

KEYS = [key("air_temperature_degc"), key("co2_ppm"), key("altitude_m", device="uav-1", kind="drone")]
#: Days on both sides of 1970.
FIRST_MS = -2 * DAY_MS
#: Samples of four days, often close to a midnight.
INSTANT = st.one_of(
    st.integers(0, 4 * 24 * 6).map(lambda tens: FIRST_MS + tens * 10 * MINUTE_MS),
    st.tuples(st.integers(0, 4), st.integers(-2, 2)).map(lambda near: FIRST_MS + near[0] * DAY_MS + near[1]),
)
ROW = st.tuples(st.sampled_from(KEYS), INSTANT, st.sampled_from([0.0, 0.1, -2.5, 1e300]), st.sampled_from([1, 3, 4]))
WINDOW = st.tuples(INSTANT, INSTANT).map(lambda bounds: (min(bounds), max(bounds) + 1))
STEP_MS = st.sampled_from([1, 7 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 31 * HOUR_MS])
WRITE = st.lists(ROW, min_size=1, max_size=40)


class Asked(NamedTuple):
    window: tuple[int, int]
    step_ms: int
    limit: int | None
    quality: int


ASKED = st.builds(Asked, WINDOW, STEP_MS, st.none() | st.integers(1, 30), st.sampled_from([1, 2, 255]))
ACTION = st.one_of(WRITE, WRITE, ASKED, ASKED, INSTANT, st.just("reopen"))


def open_store(path: Path, quiet_s: float = 0.0) -> DuckDBStore:
    """Open a store that keeps what it reads at once, of days without a write in the last `quiet_s`."""
    return DuckDBStore(path, cache=SampleCache(2**20, quiet_s=quiet_s, asks=1, least_samples=0))


def answers(store: DuckDBStore) -> int:
    return store.info().counters["sample_cache_answers"]


@settings(max_examples=examples(60), deadline=None)
@given(actions=st.lists(ACTION, min_size=4, max_size=14), quiet_s=st.sampled_from([0.0, 3600.0]))
def test_any_reads_between_any_changes_are_those_of_the_reference(actions: list[object], quiet_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, memory = Path(folder) / "store.duckdb", MemoryStore()
        duck = open_store(path, quiet_s)
        for action in actions:
            if action == "reopen":
                duck.close()
                duck = open_store(path, quiet_s)
            elif isinstance(action, int):
                assert duck.delete_before(ORG, action) == memory.delete_before(ORG, action)
            elif isinstance(action, list):
                sent = batch(*action)
                assert duck.write(sent) == memory.write(sent)
            elif isinstance(action, Asked):
                assert_same(duck, memory, action)
        assert_same(duck, memory, Asked((FIRST_MS - DAY_MS, FIRST_MS + 5 * DAY_MS), MINUTE_MS, None, 255))
        duck.close()


def assert_same(duck: DuckDBStore, memory: MemoryStore, asked: Asked) -> None:
    for which in (EVERYTHING, SeriesFilter(ORG, device="gh-1")):
        found, expected = (store.raw(which, *asked.window, asked.limit) for store in (duck, memory))
        assert [plain(samples) for samples in found] == [plain(samples) for samples in expected]
        buckets = (store.buckets(which, *asked.window, asked.step_ms, asked.quality) for store in (duck, memory))
        assert_same_buckets(*buckets)


def plain(samples: Samples) -> tuple[SeriesKey, list[int], list[float], list[int]]:
    return samples.key, samples.time_ms.tolist(), samples.value.tolist(), samples.quality.tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def a_week(series: SeriesKey, first_ms: int = FIRST_MS) -> list[Row]:
    return [(series, first_ms + at * 10 * MINUTE_MS, at / 10) for at in range(7 * 24 * 6)]


def test_what_is_asked_again_is_answered_from_memory(path: Path) -> None:
    store = DuckDBStore(path, cache=SampleCache(2**20, quiet_s=0.0))
    store.write(batch(*a_week(KEYS[0])))
    asked = (EVERYTHING, FIRST_MS + 12345, FIRST_MS + 6 * DAY_MS)
    first, second, third = (store.raw(*asked) for _ in range(3))
    assert answers(store) == 2
    assert plain(first[0]) == plain(second[0]) == plain(third[0])
    assert len(store.buckets(*asked, 10 * MINUTE_MS)[0].mean) == 6 * 24 * 6 - 1
    assert answers(store) == 3
    assert 2000 < store.info().counters["sample_cache_bytes"] < 2**20
    store.close()


def test_a_window_that_reaches_into_the_present_is_read_from_memory_and_file_together(path: Path) -> None:
    now_s = [1000.0]
    store = DuckDBStore(path, cache=SampleCache(2**20, asks=1, least_samples=0, clock_s=lambda: now_s[0]))
    store.write(batch(*a_week(KEYS[0])))
    now_s[0] += 100
    added: Row = (KEYS[0], FIRST_MS + 5 * DAY_MS + 1, 77.0)
    store.write(batch(added))
    expected = sorted([*a_week(KEYS[0]), added], key=lambda row: row[1])
    for _ in range(2):
        (found,) = store.raw(EVERYTHING, FIRST_MS, FIRST_MS + 7 * DAY_MS)
        assert found.time_ms.tolist() == [row[1] for row in expected]
        assert found.value.tolist() == [row[2] for row in expected]
    assert answers(store) == 2
    store.close()


def test_a_day_with_too_many_samples_is_read_from_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.store.duckdb.cached_reads._MOST_ROWS", 100)
    store = open_store(path)
    store.write(batch(*a_week(KEYS[0])))
    assert rows_of(store) == [(*row, 1) for row in a_week(KEYS[0])]
    (found,) = store.raw(EVERYTHING, FIRST_MS, FIRST_MS + 7 * DAY_MS)
    assert (len(found.time_ms), answers(store)) == (7 * 24 * 6, 0)
    store.close()


def test_a_large_question_is_read_in_parts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.store.duckdb.cached_reads._EXPECTED_ROWS", 200)
    store = DuckDBStore(path, cache=SampleCache(2**20, quiet_s=0.0))
    store.write(batch(*(row for series in KEYS for row in a_week(series))))
    asked = (EVERYTHING, FIRST_MS, FIRST_MS + 7 * DAY_MS)
    first, second = store.raw(*asked), store.raw(*asked)
    assert answers(store) == 1
    assert [plain(samples) for samples in first] == [plain(samples) for samples in second]
    store.close()


def test_where_memory_is_full_of_what_was_just_read_the_window_alone_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [1000.0]
    # Room for two days of two series.
    cache = SampleCache(5200, quiet_s=0.0, asks=1, least_samples=0, clock_s=lambda: now_s[0])
    store = DuckDBStore(path, cache=cache)
    store.write(batch(*(row for series in KEYS for row in a_week(series))))
    days_read: list[range] = []
    original = CachedReads._read_days

    def count(reads: CachedReads, days: range, sids: list[int]) -> object:
        days_read.append(days)
        return original(reads, days, sids)

    monkeypatch.setattr(CachedReads, "_read_days", count)

    def ask(channel: str) -> int:
        which = SeriesFilter(ORG, channels=frozenset({channel}))
        (found,) = store.raw(which, FIRST_MS, FIRST_MS + 2 * DAY_MS)
        assert found.value.tolist() == [row[2] for row in a_week(KEYS[0])][: 2 * 24 * 6]
        return len(days_read)

    assert [ask("air_temperature_degc"), ask("co2_ppm")] == [1, 2]
    assert [ask("altitude_m"), ask("altitude_m"), ask("air_temperature_degc")] == [3, 3, 3]
    now_s[0] += 11
    assert [ask("altitude_m"), ask("altitude_m")] == [4, 4]
    now_s[0] += 61
    assert [ask("altitude_m"), ask("altitude_m"), ask("altitude_m")] == [5, 5, 5]
    assert answers(store) == 8
    store.close()


def test_what_retention_deleted_is_not_answered_from_memory(path: Path) -> None:
    store = open_store(path)
    store.write(batch(*a_week(KEYS[0])))
    asked = (EVERYTHING, FIRST_MS, FIRST_MS + 7 * DAY_MS)
    assert len(store.raw(*asked)[0].time_ms) == 7 * 24 * 6
    before = store.buckets(*asked, 5 * MINUTE_MS)[0]
    store.set_retention(Retention(raw_days=2, minute_days=100, hour_days=None))
    assert store.expire(FIRST_MS + 7 * DAY_MS) == 5
    assert len(store.raw(*asked)[0].time_ms) == 2 * 24 * 6
    after = store.buckets(*asked, 5 * MINUTE_MS)[0]
    assert after.mean.tolist() == before.mean.tolist()
    store.close()


def test_what_was_deleted_on_request_is_not_answered_from_memory(path: Path) -> None:
    store = open_store(path)
    store.write(batch(*a_week(KEYS[0])))
    asked = (EVERYTHING, FIRST_MS, FIRST_MS + 7 * DAY_MS)
    assert len(store.raw(*asked)[0].time_ms) == 7 * 24 * 6
    assert store.delete_before(ORG, FIRST_MS + 3 * DAY_MS + HOUR_MS) == 3 * 24 * 6 + 6
    assert store.raw(*asked)[0].time_ms.tolist() == [row[1] for row in a_week(KEYS[0])][3 * 24 * 6 + 6 :]
    store.close()


@pytest.mark.parametrize("reads", ["_read_days", "_read_open"])
def test_a_batch_of_several_days_that_comes_while_they_are_read_is_seen_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, reads: str
) -> None:
    now_s = [1000.0]
    store = DuckDBStore(path, cache=SampleCache(2**20, asks=1, least_samples=0, clock_s=lambda: now_s[0]))
    store.write(batch((KEYS[0], FIRST_MS, 0.0), (KEYS[0], FIRST_MS + DAY_MS, 1.0)))
    now_s[0] += 100
    store.raw(EVERYTHING, FIRST_MS, FIRST_MS + DAY_MS)  # the first day is in memory now, the second is not
    if reads == "_read_open":
        store.write(batch((KEYS[0], FIRST_MS + DAY_MS + 1, 1.0)))
    late = batch((KEYS[0], FIRST_MS + 7, 7.0), (KEYS[0], FIRST_MS + DAY_MS + 7, 7.0))
    original = getattr(CachedReads, reads)

    def write_first(*arguments: object) -> object:
        store.write(late)
        return original(*arguments)

    monkeypatch.setattr(CachedReads, reads, write_first)
    (found,) = store.raw(EVERYTHING, FIRST_MS, FIRST_MS + 2 * DAY_MS)
    assert found.value.tolist().count(7.0) == 2
    store.close()


def test_readers_see_whole_batches_of_several_days_from_memory_or_not(path: Path) -> None:
    store = open_store(path)
    days = [FIRST_MS, FIRST_MS + DAY_MS, FIRST_MS + 3 * DAY_MS]
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            # Waits for the file, so that the writer is not kept from Python's lock for seconds.
            store.events(ORG, 0, 1)
            found = store.raw(EVERYTHING, FIRST_MS, FIRST_MS + 4 * DAY_MS)
            of_days = [np.bincount((samples.time_ms - FIRST_MS) // DAY_MS, minlength=4).tolist() for samples in found]
            if any(count[0] != count[1] or count[0] != count[3] for count in of_days):
                failures.append(str(of_days))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for at in range(30):
                store.write(batch(*((KEYS[0], day_ms + at, 1.0) for day_ms in days)))
                # Two writes that leave the days alone, in which they are read into memory again.
                store.write(batch((KEYS[1], FIRST_MS + 50 * DAY_MS + at, 1.0)))
                store.write(batch((KEYS[1], FIRST_MS + 51 * DAY_MS + at, 1.0)))
        finally:
            done.set()
        for reader in readers:
            reader.result(timeout=120)
    assert failures == []
    assert answers(store) > 0
    store.close()
