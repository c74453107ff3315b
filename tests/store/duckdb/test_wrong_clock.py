"""A store whose station has a wrong clock: nothing is deleted, what was refused can be taken back, flags are mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.clock.station_clock.record import AGREE_MS, NEVER_MS
from headland.clock.station_clock.station_clock import StationClock
from headland.store.core.rollup import Retention
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.deletion import DueRows
from headland.store.port import SeriesFilter, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.clock.machine import NOW_MS, STEPS_MS, YEAR_MS, ClockedMachine
from tests.examples import some_long
from tests.store.batches import batch, key

A, B = key("air_temperature_degc", organisation="local"), key("co2_ppm", organisation="local")
ALL = SeriesFilter("local")
RETENTION = Retention(raw_days=40, minute_days=40, hour_days=4000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[DuckDBStore]:
    """A store with a sample an hour of the last 30 days."""
    store = DuckDBStore(path)
    store.write(batch(*((A, NOW_MS - hour * HOUR_MS, float(hour)) for hour in range(30 * 24))))
    yield store
    store.close()


def flags(store: DuckDBStore) -> list[int]:
    """Return the flags of all samples, by time."""
    return [flag for each in store.raw(ALL, 0, 2**62) for flag in each.quality.tolist()]


@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
@pytest.mark.parametrize("retention", [RETENTION, Retention()], ids=["with retention", "without"])
def test_no_step_of_the_clock_deletes_or_refuses_anything(
    store: DuckDBStore, step_ms: int, retention: Retention
) -> None:
    machine = ClockedMachine()
    clock = StationClock(None, sources=machine.sources())
    store.judge_deletion_by(clock)
    store.set_retention(retention)
    machine.run(60)
    machine.step_ms = step_ms
    done = store.compact(machine.now_ms())
    assert done.expired_days == 0
    assert ("in doubt" in done.held_back) == (retention == RETENTION)
    assert store.info().points == 720
    machine.step_ms = 0
    machine.run(60)
    store.compact(machine.now_ms())
    assert store.info().points == 720
    assert store.write(batch((A, machine.true_ms, 1.0), (A, NOW_MS - 39 * DAY_MS, 1.0))).accepted == 2


@pytest.mark.parametrize("step_ms", [DAY_MS, YEAR_MS, 10 * YEAR_MS])
def test_a_clock_that_nobody_doubts_deletes_nothing_beyond_a_day_after_the_newest_sample(
    store: DuckDBStore, step_ms: int
) -> None:
    store.set_retention(RETENTION)
    store.compact(NOW_MS + step_ms)
    assert store.info().points == 720
    assert store.write(batch((A, NOW_MS + 1, 1.0))).accepted == 1


def test_samples_that_are_due_are_deleted_by_a_clock_that_is_right(store: DuckDBStore) -> None:
    store.judge_deletion_by(StationClock(None, sources=ClockedMachine().sources()))
    store.set_retention(Retention(raw_days=10))
    due = store.preview(Retention(raw_days=10), NOW_MS)
    samples, before_ms = due.samples, due.before_ms
    assert store.compact(NOW_MS).expired_days == 20
    assert store.info().points == 720 - samples
    assert before_ms is not None
    assert int(store.raw(ALL, 0, 2**62)[0].time_ms[0]) >= before_ms


def test_a_preview_changes_nothing(store: DuckDBStore) -> None:
    assert store.preview(Retention(raw_days=10), NOW_MS).samples > 400
    assert store.preview(Retention(), NOW_MS) == DueRows()
    assert store.retention() == Retention()
    assert store.info().points == 720


def cut_by_a_clock_ahead(path: Path) -> None:
    """Leave the file as a version that believed a clock a year ahead left it."""
    store = DuckDBStore(path)
    store.set_retention(RETENTION)
    store.expire(NOW_MS + YEAR_MS)
    store.close()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT raw_ms FROM kept").fetchall()[0][0] > NOW_MS + 300 * DAY_MS


def test_keep_without_a_limit_accepts_everything_again(store: DuckDBStore, path: Path) -> None:
    store.close()
    cut_by_a_clock_ahead(path)
    store = DuckDBStore(path)
    assert store.write(batch((A, NOW_MS + HOUR_MS, 1.0))).rejected == 1
    days = store.buckets(ALL, NOW_MS - 20 * DAY_MS, NOW_MS - 10 * DAY_MS, DAY_MS)
    store.set_retention(Retention())
    next_ms = NOW_MS // HOUR_MS * HOUR_MS + HOUR_MS
    fresh = [(A, next_ms + second * 1000, 1.0) for second in range(3600)]
    others = [(A, NOW_MS + 1000, 1.0), (A, NOW_MS - 5 * DAY_MS, 9.0), (B, NOW_MS - 300 * DAY_MS, 1.0)]
    assert store.write(batch(*fresh, *others)).accepted == 3603
    store.roll_up()
    # Of the day whose samples were deleted the rollup stays, until there are more samples again.
    assert _same(store.buckets(ALL, NOW_MS - 20 * DAY_MS, NOW_MS - 10 * DAY_MS, DAY_MS), days)
    (fine,) = store.buckets(ALL, next_ms + 1, next_ms + HOUR_MS, 7000)
    assert int(fine.count.sum()) == 3599
    store.close()
    store = DuckDBStore(path)
    assert store.write(batch((A, NOW_MS - 300 * DAY_MS, 1.0))).accepted == 1
    store.close()


def test_keep_with_a_limit_refuses_only_what_it_would_delete(store: DuckDBStore, path: Path) -> None:
    store.close()
    cut_by_a_clock_ahead(path)
    store = DuckDBStore(path)
    store.set_retention(RETENTION)
    result = store.write(batch((A, NOW_MS + HOUR_MS, 1.0), (A, NOW_MS - 42 * DAY_MS, 1.0)))
    assert (result.accepted, result.rejected) == (1, 1)
    store.close()


def _same(left: list, right: list) -> bool:  # type: ignore[type-arg]
    return [(each.key, each.count.tolist(), each.mean.tolist()) for each in left] == [
        (each.key, each.count.tolist(), each.mean.tolist()) for each in right
    ]


def test_a_stray_sample_does_not_replace_the_rollup_of_many_that_were_deleted(path: Path) -> None:
    store = DuckDBStore(path)
    store.write(batch(*((A, NOW_MS - 9 * DAY_MS + second * 1000, 2.0) for second in range(3000)), (A, NOW_MS, 1.0)))
    store.roll_up()
    store.set_retention(Retention(raw_days=2, minute_days=20))
    store.compact(NOW_MS)
    window = (ALL, NOW_MS // DAY_MS * DAY_MS - 10 * DAY_MS, NOW_MS // DAY_MS * DAY_MS - 8 * DAY_MS)
    before = [store.buckets(*window, step) for step in (60_000, HOUR_MS, DAY_MS)]
    assert int(before[0][0].count.sum()) == 3000
    store.set_retention(Retention())
    store.write(batch((A, NOW_MS - 9 * DAY_MS + 7, 5.0)))
    store.roll_up()
    after = [store.buckets(*window, step) for step in (60_000, HOUR_MS, DAY_MS)]
    assert all(map(_same, before, after))
    # What is sent again whole takes its place again.
    store.write(batch(*((A, NOW_MS - 9 * DAY_MS + second * 1000, 2.0) for second in range(3000))))
    store.roll_up()
    assert int(store.buckets(*window, HOUR_MS)[0].count.sum()) == 3001
    assert int(store.buckets(*window, 60_000)[0].count.sum()) == 3001
    store.close()


def ahead(*samples: tuple[int, float], shown_ms: int, own: int = 2) -> WriteBatch:
    """Return samples as ingest writes them with a clock that shows `shown_ms`."""
    written = batch(*((B, time_ms, value) for time_ms, value in samples))
    late = written.points.time_ms > shown_ms + AGREE_MS
    points = replace(
        written.points,
        quality=np.where(late, 4, own).astype(np.uint8),
        own_quality=np.full(len(samples), own, np.uint8),
    )
    return WriteBatch(points, latest_until_ms=shown_ms + AGREE_MS, seen_ms=shown_ms)


@pytest.mark.parametrize("reopens", [False, True])
def test_flags_of_a_clock_that_was_behind_are_cleared(path: Path, *, reopens: bool) -> None:
    store = DuckDBStore(path)
    behind_ms = 6 * HOUR_MS
    store.write(ahead((NOW_MS, 1.0), (NOW_MS + 1000, 2.0), (NOW_MS + DAY_MS, 3.0), shown_ms=NOW_MS - behind_ms))
    assert flags(store) == [4, 4, 4]
    assert store.last(ALL) == []
    cleared = store.judge_again(0, behind_ms + AGREE_MS, NOW_MS + AGREE_MS, NOW_MS + AGREE_MS)
    assert cleared == (2, 0)
    if reopens:
        store.close()
        store = DuckDBStore(path)
    # The one of a gateway whose own clock is a day ahead stays as it is.
    assert flags(store) == [2, 2, 4]
    assert [(latest.time_ms, latest.quality) for latest in store.last(ALL)] == [(NOW_MS + 1000, 2)]
    store.roll_up()
    (hours,) = store.buckets(ALL, NOW_MS - HOUR_MS, NOW_MS + HOUR_MS, HOUR_MS, max_quality=2)
    assert int(hours.count.sum()) == 2
    assert store.write(ahead((NOW_MS + 1000, 2.0), (NOW_MS + 2000, 2.0), shown_ms=NOW_MS)).duplicate == 1
    store.close()


@pytest.mark.parametrize("reopens", [False, True])
def test_samples_that_a_clock_ahead_let_pass_are_flagged(path: Path, *, reopens: bool) -> None:
    store = DuckDBStore(path)
    store.write(batch((B, NOW_MS, 1.0), (B, NOW_MS + YEAR_MS, 2.0), (A, NOW_MS + YEAR_MS, 3.0)))
    assert store.judge_again(0, AGREE_MS, NOW_MS + AGREE_MS, NOW_MS + AGREE_MS) == (0, 2)
    if reopens:
        store.close()
        store = DuckDBStore(path)
    assert [(latest.key.channel, latest.time_ms) for latest in store.last(ALL)] == [(B.channel, NOW_MS)]
    assert sorted(flags(store)) == [1, 4, 4]
    assert store.write(batch((A, NOW_MS + 1, 3.0), (A, NOW_MS + YEAR_MS, 3.0))).duplicate == 1
    # And cleared again, if it was that clock that was right.
    assert store.judge_again(0, YEAR_MS + AGREE_MS, NEVER_MS, NEVER_MS) == (2, 0)
    assert sorted(flags(store)) == [1, 1, 1, 1]
    store.close()
