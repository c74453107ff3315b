"""Retention of events in a DuckDB file: days a night, what the books say of their records, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.contract.records import Descriptor
from headland.store.core.rollup import Retention
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.deletion import DeletedSoFar, DueRows
from headland.store.port import Mark, SeriesFilter
from headland.store.record_book import CUT, EVENTS, EXPIRED, day_of, event_day, event_entry
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.store.batches import ORG, batch, event, key
from tests.store.earlier_schema import write_as_schema

A = key()
NOW_MS = 1_767_225_600_000 // DAY_MS * DAY_MS
DAYS = 30


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """A store with thirty days: each has a sample, a record with an event alone, and one with both."""
    store = DuckDBStore(tmp_path / "farm.duckdb")
    store.describe(ORG, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name="gh-1"))
    fill(store)
    yield store
    store.close()


def fill(store: DuckDBStore, *, knows_days: bool = True) -> None:
    for day in range(DAYS):
        at_ms, first = NOW_MS - (DAYS - day) * DAY_MS + 6 * HOUR_MS, day * 3 + 1
        entry = event_entry(at_ms) if knows_days else EVENTS
        marks = [
            Mark("gw", "e", first, first, day_of(at_ms), origin=0),
            Mark("gw", "e", first + 1, first + 2, entry),
        ]
        events = [event(at_ms, n=1), event(at_ms + 1, n=2)]
        store.write(batch((A, at_ms, float(day)), (A, at_ms + 1, 1.0), events=events, marks=marks))


def entries(store: DuckDBStore) -> dict[int, int]:
    book = store.marks()["gw", "e"].book
    return {entry: counts.total for entry, counts in book.entries.items()}


def events_left(store: DuckDBStore) -> int:
    return len(store.events(ORG, 0, 2**62))


def test_the_entry_of_an_event_has_its_day_and_is_no_other_entry() -> None:
    for time_ms in (0, NOW_MS, 2**62):
        assert event_day(event_entry(time_ms)) == day_of(time_ms)
    assert [event_day(entry) for entry in (0, 20_000, EVENTS, EXPIRED, CUT)] == [-1] * 5


def test_events_go_day_by_day_and_their_records_are_said_to_be_deleted(store: DuckDBStore) -> None:
    retention = Retention(raw_days=10, event_days=20)
    assert store.preview(retention, NOW_MS) == DueRows(40, NOW_MS - 10 * DAY_MS, 20, NOW_MS - 20 * DAY_MS)
    store.set_retention(retention)
    maintenance = store._maintenance
    nights = [maintenance.compact(NOW_MS, lambda *_: None, 0.5, 7) for _ in range(4)]
    assert [(night.expired_days, night.expired_samples, night.expired_events) for night in nights] == [
        (7, 14, 14),
        (7, 14, 6),
        (6, 12, 0),
        (0, 0, 0),
    ]
    assert (events_left(store), store.info().counters["events"]) == (40, 40)
    assert store.deleted() == DeletedSoFar(40, 20, NOW_MS - 10 * DAY_MS, NOW_MS - 20 * DAY_MS)
    found = entries(store)
    # Twenty records of samples alone, and twenty of the ten oldest days with events.
    assert found[EXPIRED] == 40
    assert sum(count for entry, count in found.items() if event_day(entry) >= 0) == 40
    assert sum(found.values()) == 3 * DAYS


def test_the_file_says_the_same_as_the_memory(store: DuckDBStore, tmp_path: Path) -> None:
    store.set_retention(Retention(raw_days=10, event_days=20))
    store.expire(NOW_MS)
    before, deleted = entries(store), store.deleted()
    store.close()
    again = DuckDBStore(tmp_path / "farm.duckdb")
    assert entries(again) == before
    assert (again.deleted(), again.retention()) == (deleted, Retention(raw_days=10, event_days=20))
    again.close()


def test_events_are_kept_as_long_as_samples_at_least() -> None:
    for raw, events in ((10, 9), (None, 400)):
        with pytest.raises(ValueError, match="keep events for as long as samples"):
            Retention(raw_days=raw, event_days=events)


def test_without_days_no_event_is_deleted(store: DuckDBStore) -> None:
    store.set_retention(Retention(raw_days=10))
    store.expire(NOW_MS)
    assert events_left(store) == 2 * DAYS
    assert entries(store)[EXPIRED] == 20


def test_deletion_on_request_is_of_records_with_events_too(store: DuckDBStore) -> None:
    store.delete_before(ORG, NOW_MS - 10 * DAY_MS + HOUR_MS)
    found = entries(store)
    assert found[EXPIRED] == 60
    # The day of the cut: nobody knows which of its records are deleted.
    assert found[CUT] == 3
    assert events_left(store) == 20


def test_records_of_an_earlier_version_stay_stored_until_all_of_their_events_may_go(tmp_path: Path) -> None:
    newest, path = tmp_path / "newest.duckdb", tmp_path / "farm.duckdb"
    earlier = DuckDBStore(newest)
    fill(earlier, knows_days=False)
    earlier.close()
    write_as_schema(7, newest, path)
    store = DuckDBStore(path)
    store.set_retention(Retention(raw_days=10, event_days=20))
    store.expire(NOW_MS)
    # The oldest would be due, but a record of it cannot be told from one of the newest day.
    assert events_left(store) == 2 * DAYS
    assert store.preview(Retention(raw_days=10, event_days=20), NOW_MS).events == 0
    assert sum(count for entry, count in entries(store).items() if event_day(entry) >= 0) == 2 * DAYS
    later_ms = NOW_MS + 25 * DAY_MS
    mark = Mark("gw", "e", 91, 91, event_entry(later_ms))
    store.write(batch((A, later_ms, 1.0), events=[event(later_ms)], marks=[mark]))
    store.expire(later_ms)
    assert events_left(store) == 1
    found = entries(store)
    assert (found[EXPIRED], sum(found.values())) == (3 * DAYS, 3 * DAYS + 1)
    assert store.raw(SeriesFilter(ORG), later_ms, later_ms + 1)
    store.close()
