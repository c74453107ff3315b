"""Compaction sorts closed days and removes holes beside readers and writers, and changes no row."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.errors import RetryLater
from headland.store.core.rollup import Retention
from headland.store.duckdb import maintenance, sql
from headland.store.duckdb.paths import copy_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables import compaction
from headland.store.port import Mark, MarkState, Points, WriteBatch, WriteResult
from headland.units_of_time import DAY_MS, HOUR_MS, WEEK_MS
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of

#: The first day of a week as the store counts them.
WEEK = 1_780_000_000_000 // WEEK_MS * WEEK_MS
SERIES = [key(f"channel_{number}_degc") for number in range(4)]


def shuffled(days: int, each: int, seed: int = 1) -> WriteBatch:
    random = np.random.default_rng(seed)
    count = days * each
    time_ms = WEEK + random.permutation(np.arange(count, dtype=np.int64) * DAY_MS // each)
    index = random.integers(0, len(SERIES), count).astype(np.int32)
    return WriteBatch(
        Points(SERIES, index, time_ms, random.normal(size=count).round(2), np.ones(count, np.uint8)),
        [event(5)],
        [Mark("gw", "e", seed, seed)],
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it's a store.duckdb"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_ROWS_AT_ONCE", 700)
    monkeypatch.setattr(maintenance, "_LEAST_FREE_BYTES", 0)
    monkeypatch.setattr(maintenance, "_REQUESTED_FREE_SHARE", 0.0)


def test_compaction_sorts_closed_weeks_and_days_and_changes_no_row(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(shuffled(10, 500))
    before = rows_of(store), store.marks(), store.events(ORG, 0, 99), store.info().points
    done = store.compact(WEEK + 9 * DAY_MS + HOUR_MS)
    assert done.sorted_samples == 4500
    assert before == (rows_of(store), store.marks(), store.events(ORG, 0, 99), store.info().points)
    store.close()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT first_ms, end_ms FROM sorted ORDER BY 1").fetchall() == [
            (WEEK, WEEK + 7 * DAY_MS),
            (WEEK + 7 * DAY_MS, WEEK + 8 * DAY_MS),
            (WEEK + 8 * DAY_MS, WEEK + 9 * DAY_MS),
        ]
        rows = connection.execute(f"SELECT sid, ts FROM {sql.SAMPLES} WHERE ts < {WEEK + WEEK_MS}").fetchall()
    assert rows == sorted(rows)
    again = DuckDBStore(path)
    assert before == (rows_of(again), again.marks(), again.events(ORG, 0, 99), again.info().points)
    assert again.write(shuffled(10, 500)).accepted == 0
    again.close()


def test_a_sorted_range_is_unchanged_until_enough_late_samples_came(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(shuffled(7, 500))
    now_ms = WEEK + 8 * DAY_MS
    assert store.compact(now_ms).sorted_samples == 3500
    store.write(batch(*((SERIES[0], WEEK + 3, 1.0),)))
    assert store.compact(now_ms).sorted_samples == 0
    store.write(batch(*((SERIES[0], WEEK + 5 + number * 1000, 1.0) for number in range(400))))
    assert store.compact(now_ms).sorted_samples == 3901
    store.close()


def test_space_of_deleted_rows_is_freed(path: Path) -> None:
    store = DuckDBStore(path)
    for seed in range(1, 8):
        store.write(shuffled(7, 20_000, seed))
    store.delete_before(ORG, WEEK + 6 * DAY_MS)
    done = store.compact(WEEK + 8 * DAY_MS)
    assert done.bytes_after < done.bytes_before / 2
    assert not copy_of(path).exists()
    assert store.write(batch((SERIES[0], WEEK, 1.0))) == WriteResult(1)
    store.close()


def test_retention_is_part_of_a_compaction(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(shuffled(6, 100))
    store.set_retention(Retention(raw_days=2))
    done = store.compact(WEEK + 6 * DAY_MS)
    assert (done.expired_days, done.sorted_samples) == (4, 200)
    assert store.info().points == 200
    assert sum(int(each.count.sum()) for each in store.buckets(EVERYTHING, WEEK, WEEK + WEEK_MS, DAY_MS)) == 600
    store.close()


def test_readers_and_writers_continue_during_a_compaction(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(shuffled(7, 1000))
    done = threading.Event()
    failures: list[str] = []

    def read() -> None:
        while not done.is_set():
            found = sum(len(samples.time_ms) for samples in store.raw(EVERYTHING, WEEK, WEEK + WEEK_MS))
            counted = sum(int(each.count.sum()) for each in store.buckets(EVERYTHING, WEEK, WEEK + WEEK_MS, HOUR_MS))
            if (found, counted) != (7000, 7000):
                failures.append(f"{found} {counted}")

    def write() -> int:
        number = 0
        while not done.is_set():
            store.write(
                batch((SERIES[1], WEEK + WEEK_MS + number, 1.0), marks=[Mark("live", "e", number + 1, number + 1)])
            )
            number += 1
        return number

    with ThreadPoolExecutor(3) as pool:
        readers, writer = [pool.submit(read), pool.submit(read)], pool.submit(write)
        try:
            for late in range(3):
                store.compact(WEEK + 8 * DAY_MS)
                store.delete_before("other", late)
        finally:
            done.set()
        written = writer.result(120)
        for reader in readers:
            reader.result(120)
    assert failures == []
    assert store.marks()["live", "e"] == MarkState(written)
    assert store.info().points == 7000 + written
    store.close()
    assert DuckDBStore(path).info().points == 7000 + written


def test_long_work_is_done_one_at_a_time(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(shuffled(2, 100))
    refused: list[str] = []

    def try_another(words: str, fraction: float) -> None:
        with pytest.raises(RetryLater, match="already") as caught:
            store.compact(WEEK)
        refused.append(str(caught.value))

    store.compact(WEEK + 3 * DAY_MS, try_another)
    assert refused
    store.close()


def test_the_rest_of_an_interrupted_rewriting_is_removed(path: Path) -> None:
    DuckDBStore(path).close()
    copy_of(path).write_bytes(b"half a copy")
    store = DuckDBStore(path)
    assert not copy_of(path).exists()
    store.close()
