"""Buckets of rollups equal those of samples: after late data, deletions, restarts, for any step and start."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.core.rollup import FIVE_MINUTES, Retention
from headland.store.core.stale_rollups import DirtyHours
from headland.store.duckdb import maintenance
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables import rollups
from headland.store.memory import MemoryStore
from headland.store.port import Buckets, SeriesFilter, SeriesKey
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, key, rows_of
from tests.store.test_any_batches import assert_same_buckets
from tests.waiting import wait_until

MINUTE_MS = 60_000
A, B = key("air_temperature_degc"), key("co2_ppm")
OTHERS = key("air_temperature_degc", organisation="other")
#: A Monday, so that days, hours and minutes begin with it.
BASE_MS = 1_780_272_000_000
#: As it is where no test makes rows of few samples.
DENSE_HOUR = rollups.dense_hour
Row = tuple[SeriesKey, int, float, int]

TIMES = st.builds(
    lambda day, hour, minute, ms: day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + ms,
    st.integers(-2, 2),
    st.sampled_from([0, 1, 2, 23]),
    st.sampled_from([0, 1, 59]),
    st.sampled_from([0, 1, 30_000, 59_999]),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([A, B, OTHERS]), TIMES, st.sampled_from([0.0, 1.5, -2.25, 7.0]), st.sampled_from([1, 2, 3, 9])
    ),
    min_size=1,
    max_size=25,
)
BOUNDS = st.builds(
    lambda time_ms, unit_ms, odd_ms: time_ms // unit_ms * unit_ms + odd_ms,
    TIMES,
    st.sampled_from([1, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]),
    st.sampled_from([0, 0, 0, 1]),
)
STEPS = st.builds(
    lambda unit_ms, times: unit_ms * times,
    st.sampled_from([MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS, 777_777]),
    st.integers(1, 30),
)
QUESTIONS = st.lists(st.tuples(BOUNDS, BOUNDS, STEPS, st.sampled_from([1, 2, 4, 9])), max_size=6)
#: Asked after each deed: every tier over everything, and a last bucket that is cut short.
ALWAYS_ASKED = [
    (-3 * DAY_MS, 3 * DAY_MS, MINUTE_MS, 2),
    (-3 * DAY_MS, 3 * DAY_MS + 7 * MINUTE_MS, 10 * MINUTE_MS, 2),
    (-3 * DAY_MS, 3 * DAY_MS, HOUR_MS, 9),
    (-3 * DAY_MS, 3 * DAY_MS, DAY_MS, 2),
    (-3 * DAY_MS, 2 * DAY_MS + HOUR_MS + MINUTE_MS + 2, DAY_MS, 9),
]
DEEDS = st.lists(
    st.one_of(
        ROWS,
        st.tuples(st.just("roll up"), st.sampled_from([1, 3, 1000])),
        st.tuples(st.just("delete"), BOUNDS),
        st.just(("reopen", 0)),
    ),
    min_size=2,
    max_size=7,
)


@pytest.fixture(autouse=True, scope="module")
def two_samples_are_dense() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollups, "dense_hour", lambda tier: 2 if tier == FIVE_MINUTES else 3)
        # Some windows are read in parts then, others at once.
        patch.setattr(rollups, "MOST_BUCKETS", 40)
        patch.setattr(rollups, "_MOST_PARTS", 5)
        yield


@settings(max_examples=examples(10), deadline=None)
@given(base_ms=st.sampled_from([BASE_MS, 0]), deeds=DEEDS, questions=QUESTIONS)
@pytest.mark.long
def test_buckets_of_rollups_are_the_buckets_of_the_samples(
    base_ms: int, deeds: list[list[Row] | tuple[str, int]], questions: list[tuple[int, int, int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # Stale hours in several windows, or in one.
        patch.setattr(rollups, "_ROWS_OF_A_WINDOW", 0 if base_ms else 1_500_000)
        path = Path(folder) / "store.duckdb"
        duck, memory = DuckDBStore(path), MemoryStore()
        for deed in deeds:
            duck = do(deed, base_ms, duck, memory, path)
            assert_same_answers(duck, memory, base_ms, ALWAYS_ASKED)
        assert_same_answers(duck, memory, base_ms, questions)
        duck.roll_up()
        assert_same_answers(duck, memory, base_ms, ALWAYS_ASKED + questions)
        duck.close()


def do(
    deed: list[Row] | tuple[str, int], base_ms: int, duck: DuckDBStore, memory: MemoryStore, path: Path
) -> DuckDBStore:
    if isinstance(deed, list):
        sent = batch(*((series, base_ms + time_ms, value, flag) for series, time_ms, value, flag in deed))
        assert duck.write(sent) == memory.write(sent)
        return duck
    what, number = deed
    if what == "roll up":
        duck.roll_up(most_hours=number)
    elif what == "delete":
        assert duck.delete_before(ORG, base_ms + number) == memory.delete_before(ORG, base_ms + number)
    else:
        duck.close()
        return DuckDBStore(path)
    return duck


def assert_same_answers(
    duck: DuckDBStore, memory: MemoryStore, base_ms: int, questions: list[tuple[int, int, int, int]]
) -> None:
    for which in (EVERYTHING, SeriesFilter("other")):
        for start, end, step, max_quality in questions:
            window = (which, base_ms + start, base_ms + end, step, max_quality)
            assert_same_buckets(duck.buckets(*window), memory.buckets(*window))


def test_stale_hours_are_read_in_one_window_unless_many_samples_lie_between() -> None:
    year_ms = 365 * DAY_MS
    assert rollups.choose_gap_ms(0, 0) == DAY_MS
    assert rollups.choose_gap_ms(1_000_000, 30 * DAY_MS) > 30 * DAY_MS  # all of it
    assert rollups.choose_gap_ms(100_000_000, year_ms) == year_ms * 3 // 200
    assert rollups.choose_gap_ms(10**11, year_ms) == DAY_MS


def test_a_day_that_is_still_written_to_is_made_of_its_hours_and_samples(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(batch(*((A, BASE_MS + hour * HOUR_MS, float(hour)) for hour in range(24))))
    store.roll_up()
    store.write(batch((A, BASE_MS + 5 * HOUR_MS + 1, 100.0), (A, BASE_MS + 30 * HOUR_MS, 7.0)))
    (found,) = store.buckets(EVERYTHING, BASE_MS, BASE_MS + 2 * DAY_MS, DAY_MS)
    assert (found.count.tolist(), found.high.tolist(), found.last.tolist()) == ([25, 1], [100.0, 7.0], [23.0, 7.0])
    store.close()


def test_an_hour_waits_until_nothing_was_written_to_it_for_a_while(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(batch((A, BASE_MS, 1.0), (A, BASE_MS + HOUR_MS, 2.0)))
    assert store.roll_up(quiet_s=3600.0) == 0
    assert store.figures().stale_hours == 2
    assert store.roll_up() == 2
    assert store.roll_up() == 0
    told = store.figures()
    assert (told.stale_hours, told.rollup_rows) == (0, {"days": 1, "hours": 2, "five minutes": 0, "minutes": 0})
    store.close()


@pytest.mark.parametrize("asked", ["roll_up", "expire", "compact"])
def test_hours_that_take_too_much_memory_together_are_rolled_up_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    tried: list[int] = []

    def roll_up_few(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, hours: list[int]) -> None:
        tried.append(len(hours))
        if len(hours) > 3:
            connection.execute("BEGIN TRANSACTION")
            raise duckdb.OutOfMemoryException("could not allocate block")
        rollups.roll_up(connection, dirty, hours)

    monkeypatch.setattr("headland.store.duckdb.writer.roll_up", roll_up_few)
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(batch(*((A, BASE_MS + hour * HOUR_MS, float(hour)) for hour in range(20))))
    window = (EVERYTHING, BASE_MS, BASE_MS + 20 * HOUR_MS, HOUR_MS)
    expected = store.buckets(*window)
    now_ms = BASE_MS + 30 * DAY_MS
    if asked == "roll_up":
        assert store.roll_up() == 20
    elif asked == "expire":
        store.set_retention(Retention(raw_days=1, minute_days=None, hour_days=None))
        assert store.expire(now_ms) == 1
    else:
        store.compact(now_ms)
    assert tried[:4] == [20, 10, 5, 2]
    assert store.figures().stale_hours == 0
    assert_same_buckets(store.buckets(*window), expected)
    store.write(batch((A, now_ms, 1.0)))
    store.close()


def test_rows_are_written_only_where_each_replaces_many_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "dense_hour", DENSE_HOUR)
    store = DuckDBStore(tmp_path / "store.duckdb")
    for hour, samples in enumerate((239, 240, 1199, 1200)):
        times = (BASE_MS + hour * HOUR_MS + at * HOUR_MS // samples for at in range(samples))
        store.write(batch(*((A, time_ms, float(time_ms % 89)) for time_ms in times)))
    windows = [(EVERYTHING, BASE_MS, BASE_MS + 4 * HOUR_MS, step * MINUTE_MS) for step in (1, 2, 5, 10, 15, 60)]
    before = [store.buckets(*window) for window in windows]
    store.roll_up()
    assert store.figures().rollup_rows == {"days": 1, "hours": 4, "five minutes": 36, "minutes": 60}
    for window, expected in zip(windows, before, strict=True):
        assert_same_buckets(store.buckets(*window), expected)
    store.close()


def test_quiet_hours_are_rolled_up_automatically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_QUIET_S", 0.0)
    monkeypatch.setattr(maintenance, "_CHECK_EVERY_S", 0.02)
    store = DuckDBStore(tmp_path / "store.duckdb")
    for hour in range(3):
        store.write(batch((A, BASE_MS + hour * HOUR_MS, 1.0)))
        wait_until(lambda: store.figures().stale_hours == 0)
        assert store.figures().rollup_rows["hours"] == hour + 1
    store.close()


def test_the_store_is_compacted_every_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_CHECK_EVERY_S", 0.02)
    clock = [datetime(2026, 6, 1, 23, tzinfo=UTC)]
    seconds = [0.0]
    monkeypatch.setattr(maintenance, "_now", lambda: clock[0])
    monkeypatch.setattr(maintenance, "_monotonic_s", lambda: seconds[0])
    store = DuckDBStore(tmp_path / "store.duckdb", compact_at_hour=3)
    store.set_retention(Retention(raw_days=1))
    now_ms = round(clock[0].timestamp() * 1000)
    old = [(A, now_ms - days * DAY_MS, 1.0) for days in range(300, 280, -1)]
    store.write(batch(*old, (A, now_ms, 1.0)))
    # A jump of the clock is no night.
    clock[0] += timedelta(hours=5)
    looked_s = time.monotonic()
    wait_until(lambda: (store._maintenance.threads()[0].success_age_s or 0) < time.monotonic() - looked_s)
    assert store.info().points == 21
    seconds[0] += 4 * 3600 + 1
    wait_until(lambda: store.info().points == 21 - maintenance.NIGHT_DAYS)
    seconds[0] += 24 * 3600
    wait_until(lambda: store.info().points == 21 - 2 * maintenance.NIGHT_DAYS)
    assert store.figures().rollup_rows["days"] == 21
    store.close()


def test_the_night_is_the_next_one_by_the_local_clock() -> None:
    assert maintenance.next_compaction(None, datetime(2026, 6, 1, 12, tzinfo=UTC)) is None
    for hour, day in ((2, 1), (3, 2), (23, 2)):
        night = maintenance.next_compaction(3, datetime(2026, 6, 1, hour, tzinfo=UTC))
        assert night == datetime(2026, 6, day, 3, tzinfo=UTC)


def filled_for_days(path: Path, days: int) -> DuckDBStore:
    store = DuckDBStore(path)
    for day in range(days):
        times = [BASE_MS + day * DAY_MS + minute * 20 * MINUTE_MS + ms for minute in range(72) for ms in (5, 7)]
        store.write(batch(*((A, time_ms, float(time_ms % 97)) for time_ms in times)))
    return store


def test_retention_deletes_samples_and_keeps_every_bucket_of_the_remaining_rollups(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    store = filled_for_days(path, 10)
    end_ms = BASE_MS + 10 * DAY_MS
    window = (EVERYTHING, BASE_MS, end_ms)
    minutes, hours, days = (store.buckets(*window, step) for step in (MINUTE_MS, HOUR_MS, DAY_MS))
    store.set_retention(Retention(raw_days=3, minute_days=5, hour_days=8))
    assert store.expire(end_ms) >= 7
    assert store.expire(end_ms) == 0
    for _ in range(2):
        assert_same_buckets(store.buckets(*window, DAY_MS), days)
        assert_same_buckets(store.buckets(EVERYTHING, BASE_MS + 2 * DAY_MS, end_ms, HOUR_MS), last_of(hours, 8 * 24))
        assert_same_buckets(store.buckets(*window, HOUR_MS), last_of(hours, 8 * 24))
        assert_same_buckets(store.buckets(*window, MINUTE_MS), last_of(minutes, 5 * 72))
        (odd,) = store.buckets(EVERYTHING, BASE_MS + 1, end_ms, HOUR_MS)
        assert odd.start_ms[0] >= BASE_MS + 7 * DAY_MS
        assert rows_of(store)[0][1] == BASE_MS + 7 * DAY_MS + 5
        assert store.info().points == 3 * 144
        assert store.series(EVERYTHING) == [A]
        store.close()
        store = DuckDBStore(path)
    store.close()


def last_of(buckets: list[Buckets], count: int) -> list[Buckets]:
    (one,) = buckets
    part = slice(-count, None)
    return [
        Buckets(
            one.key, one.start_ms[part], one.count[part], one.mean[part], one.low[part], one.high[part], one.last[part]
        )
    ]


def test_a_sample_of_a_deleted_day_is_rejected_by_name(tmp_path: Path) -> None:
    store = filled_for_days(tmp_path / "store.duckdb", 4)
    store.set_retention(Retention(raw_days=2))
    store.expire(BASE_MS + 4 * DAY_MS)
    result = store.write(batch((A, BASE_MS, 1.0), (B, BASE_MS + 2 * DAY_MS, 2.0), (B, BASE_MS + 1, 3.0, 3)))
    assert (result.accepted, result.duplicate, result.rejected) == (1, 0, 2)
    assert [(one.key, one.time_ms, one.value, one.quality) for one in result.rejections] == [
        (A, BASE_MS, 1.0, 1),
        (B, BASE_MS + 1, 3.0, 3),
    ]
    assert "samples before 2026-06-03 were deleted" in result.rejections[0].reason
    store.close()


def test_a_series_without_samples_is_still_known_by_its_last_value(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    store = DuckDBStore(path)
    store.write(batch((A, BASE_MS + 10, 1.0), (A, BASE_MS + 20, 2.0, 3), (B, BASE_MS + 9 * DAY_MS, 1.0)))
    before = store.last(EVERYTHING)
    store.set_retention(Retention(raw_days=1))
    store.expire(BASE_MS + 9 * DAY_MS)
    assert [row[0] for row in rows_of(store)] == [B]
    assert (store.last(EVERYTHING), store.series(EVERYTHING)) == (before, [A, B])
    store.close()
    store = DuckDBStore(path)
    assert (store.last(EVERYTHING), store.series(EVERYTHING)) == (before, [A, B])
    assert store.retention() == Retention(raw_days=1)
    store.close()


def test_deleting_where_only_rollups_remain_deletes_the_hour_of_the_cut(tmp_path: Path) -> None:
    store = filled_for_days(tmp_path / "store.duckdb", 4)
    store.set_retention(Retention(raw_days=1))
    store.expire(BASE_MS + 4 * DAY_MS)
    cut_ms = BASE_MS + DAY_MS + HOUR_MS + 30 * MINUTE_MS
    assert store.delete_before(ORG, cut_ms) == 0
    (hours,) = store.buckets(EVERYTHING, BASE_MS, BASE_MS + 2 * DAY_MS, HOUR_MS)
    assert hours.start_ms[0] == BASE_MS + DAY_MS + 2 * HOUR_MS
    (days,) = store.buckets(EVERYTHING, BASE_MS, BASE_MS + 4 * DAY_MS, DAY_MS)
    assert days.count.tolist() == [22 * 6, 144, 144]
    store.close()


@pytest.mark.parametrize("days", [(0, None, None), (5, 3, None), (None, 5, None), (5, None, 9)])
def test_a_retention_that_keeps_the_fine_longer_than_the_coarse_is_refused(days: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match="no longer than"):
        Retention(*days)
