"""Sorting and deletion take bounded memory, however many samples a week, a day or a request has."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.store.core.rollup import Retention
from headland.store.duckdb import writer
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables import compaction, deletion
from headland.store.port import Points, SeriesFilter, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS, WEEK_MS
from tests.store.batches import EVERYTHING, ORG, batch, key, rows_of

WEEK = 1_780_000_000_000 // WEEK_MS * WEEK_MS
OTHER = "other"


def interleaved(each: int, every_ms: int, organisations: tuple[str, ...] = (ORG, OTHER)) -> WriteBatch:
    """Return samples of 20 series of each organisation, in order of time."""
    series = [key(f"channel_{at}_degc", organisation=name) for at in range(20) for name in organisations]
    time_ms = np.repeat(WEEK + np.arange(each, dtype=np.int64) * every_ms, len(series))
    index = np.tile(np.arange(len(series), dtype=np.int32), each)
    value = np.arange(len(index), dtype=np.float64) % 1000
    return WriteBatch(Points(series, index, time_ms, value, np.ones(len(index), np.uint8)))


def sorted_ranges(path: Path) -> list[tuple[float, float]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT first_ms, end_ms FROM sorted ORDER BY 1").fetchall()
    return [((first_ms - WEEK) / HOUR_MS, (end_ms - WEEK) / HOUR_MS) for first_ms, end_ms in rows]


def test_a_week_with_too_many_samples_is_sorted_from_its_sorted_days_and_parts_of_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.duckdb"
    # A day has 5760 samples, and the third 1200 more in one hour.
    more = [(key("channel_0_degc"), WEEK + 2 * DAY_MS + HOUR_MS + at * 1000 + 7, 1.0) for at in range(1200)]
    samples = 7 * 5760 + 1200
    days = [(0, 24), (24, 48), (48, 60), (60, 72), (72, 96), (96, 120), (120, 144)]
    for most, times in ((10**6, 1), (6000, 2)):
        monkeypatch.setattr(compaction, "MOST_ROWS", most)
        monkeypatch.setattr(compaction, "_MOST_OF_DAY", 6000)
        store = DuckDBStore(path)
        store.write(interleaved(7 * 144, 10 * 60_000))
        store.write(batch(*more))
        before = rows_of(store)
        assert store.compact(WEEK + 6 * DAY_MS).sorted_samples == samples - 5760
        store.close()
        assert sorted_ranges(path) == days[:7]
        store = DuckDBStore(path)
        # The week is sorted at once, or after the one day of it that was not.
        assert store.compact(WEEK + 8 * DAY_MS).sorted_samples == samples + (5760 if times == 2 else 0)
        assert store.compact(WEEK + 8 * DAY_MS).sorted_samples == 0
        assert (rows_of(store), store.info().points) == (before, samples)
        store.close()
        assert sorted_ranges(path) == [(0, 168)]
        assert is_in_order(path)
        path.unlink()


def is_in_order(path: Path) -> bool:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT sid, second_s, part_ms FROM points").fetchall()
    return rows == sorted(rows)


@pytest.mark.parametrize(
    "cut_ms", [pytest.param(WEEK + 1, marks=pytest.mark.long), WEEK + 31 * HOUR_MS, WEEK + 9 * DAY_MS]
)
@pytest.mark.parametrize("is_sorted", [True, False], ids=["sorted", "as it came"])
def test_what_is_deleted_in_parts_is_what_is_deleted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_ms: int, is_sorted: bool
) -> None:
    left = []
    for name, most in (("at once", 10**9), ("in parts", 900)):
        for module in (compaction, deletion, writer):
            monkeypatch.setattr(module, "MOST_ROWS", most)
        store = DuckDBStore(tmp_path / name)
        store.write(interleaved(100, HOUR_MS))
        if is_sorted:
            store.compact(WEEK + 9 * DAY_MS)
        store.roll_up()
        deleted = store.delete_before(ORG, cut_ms)
        window = (WEEK, WEEK + 9 * DAY_MS, DAY_MS)
        buckets = [(each.key, each.count.tolist()) for each in store.buckets(EVERYTHING, *window)]
        others = [each.count.tolist() for each in store.buckets(SeriesFilter(OTHER), *window)]
        left.append((deleted, rows_of(store), buckets, others, store.info().points))
        store.close()
    assert left[0] == left[1]
    assert left[0][3] == [[24, 24, 24, 24, 4]] * 20


def test_a_large_sorted_week_expires_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compaction, deletion):
        monkeypatch.setattr(module, "MOST_ROWS", 1000)
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(interleaved(9 * 24, HOUR_MS))
    store.compact(WEEK + 9 * DAY_MS)
    store.set_retention(Retention(raw_days=3))
    # Each sample is kept for three days at least: the first ones of the week as long as its last.
    assert store.expire(WEEK + 9 * DAY_MS) == 0
    assert store.expire(WEEK + 10 * DAY_MS) == 7
    assert store.info().points == 40 * 2 * 24
    assert store.info().samples_since_ms == WEEK + WEEK_MS
    hours = store.buckets(EVERYTHING, WEEK, WEEK + 9 * DAY_MS, HOUR_MS)
    assert [len(each.count) for each in hours] == [9 * 24] * 20
    assert store.expire(WEEK + 11 * DAY_MS) == 1
    assert store.info().points == 40 * 24
    store.close()


@pytest.mark.long
def test_an_organisation_is_deleted_from_between_others_and_a_week_is_sorted_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 4 million samples, of which a transaction holds a megabyte for each of 33 row groups.
    for module in (compaction, deletion, writer):
        monkeypatch.setattr(module, "MOST_ROWS", 700_000)
    monkeypatch.setattr(compaction, "_ROWS_AT_ONCE", 200_000)
    monkeypatch.setattr(writer, "LARGE_WORK_MB", 36)
    store = DuckDBStore(tmp_path / "store.duckdb", memory_limit_mb=16)
    store.write(interleaved(100_000, 6_000))
    assert store.delete_before(ORG, WEEK + 5 * DAY_MS) == 20 * 5 * 14_400
    assert store.info().points == 4_000_000 - 20 * 5 * 14_400
    # The days, and the week from them.
    assert store.compact(WEEK + 8 * DAY_MS).sorted_samples == 2 * store.info().points
    assert store.delete_before(OTHER, WEEK + 2 * DAY_MS + HOUR_MS) == 20 * (2 * 14_400 + 600)
    store.set_retention(Retention(raw_days=3))
    assert store.expire(WEEK + 11 * DAY_MS) == 5
    assert store.info().points == 0
    store.close()
