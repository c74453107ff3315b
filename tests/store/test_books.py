"""Books of records on every engine: what is stored is counted in the transaction of its marks, once and for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor
from headland.store.core.batch_rows import note_refused
from headland.store.memory import MemoryStore
from headland.store.port import Mark, Store, WriteBatch
from headland.store.record_book import CUT, DROPPED, EVENTS, EXPIRED, QUARANTINED, REFUSED, day_of
from headland.units_of_time import DAY_MS
from tests.store.batches import ORG, batch, event, key

A = key()
TODAY_MS = wall_clock_ms() // DAY_MS * DAY_MS
TODAY = day_of(TODAY_MS)


def counts_of(store: Store, gateway: str = "gw", epoch: str = "e") -> dict[int, int]:
    book = store.marks()[gateway, epoch].book
    return {entry: counts.total for entry, counts in book.entries.items() if counts.total}


def written(first: int, last: int, *, day: int = 0, entry: int | None = None) -> WriteBatch:
    """Return a batch of records with one sample each, `day` days before today."""
    start_ms = TODAY_MS - day * DAY_MS
    rows = [(A, start_ms + number, float(number)) for number in range(first, last + 1)]
    marks = [Mark("gw", "e", first, last, TODAY - day if entry is None else entry)]
    return batch(*(rows if entry is None else ()), marks=marks)


def test_each_record_is_counted_once_however_often_it_is_written(store: Store) -> None:
    for _ in range(2):
        store.write(written(1, 4))
        store.write(written(3, 6))
        store.write(written(9, 9, day=1))
        store.write(written(7, 8, entry=QUARANTINED))
        store.write(batch(events=[event(7)], marks=[Mark("gw", "e", 10, 10, EVENTS)]))
    assert counts_of(store) == {TODAY: 6, TODAY - 1: 1, QUARANTINED: 2, EVENTS: 1}
    book = store.marks()["gw", "e"].book
    assert book.ranges(lambda entry: entry == TODAY) == ((1, 6),)


def test_a_record_that_was_refused_is_counted_once_its_content_comes(store: Store) -> None:
    store.write(written(1, 1))
    store.write(written(2, 5, entry=QUARANTINED))
    filling = replace(
        batch((A, TODAY_MS + 3, 3.0)), filled=[Mark("gw", "e", 1, 3, TODAY), Mark("gw", "f", 1, 1, TODAY)]
    )
    for _ in range(2):
        store.write(filling)
    assert counts_of(store) == {TODAY: 3, QUARANTINED: 4}
    # What no mark accounts for is not counted: its gateway has it still.
    assert ("gw", "f") not in store.marks()


def test_deleted_samples_leave_their_records_expired(store: Store) -> None:
    store.describe(ORG, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name="North"))
    store.write(written(1, 3, day=3))
    store.write(written(4, 5, day=2))
    store.write(written(6, 9))
    store.write(written(10, 10, entry=DROPPED))
    store.delete_before(ORG, TODAY_MS - 2 * DAY_MS)
    assert counts_of(store) == {EXPIRED: 3, TODAY - 2: 2, TODAY: 4, DROPPED: 1}
    store.delete_before(ORG, TODAY_MS + DAY_MS // 2)
    # The samples of today are before noon, but the book knows the day alone.
    assert counts_of(store) == {EXPIRED: 5, CUT: 4, DROPPED: 1}


def test_a_book_is_as_it_was_after_opening_again(make_store: Callable[[Path], Store], tmp_path: Path) -> None:
    store = make_store(tmp_path)
    if isinstance(store, MemoryStore):
        # It ends with its process.
        return
    store.describe(ORG, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name="North"))
    for number in range(1, 40, 2):
        store.write(written(number, number, day=number % 3))
        store.write(written(number + 1, number + 1, entry=QUARANTINED if number % 3 else None))
    store.delete_before(ORG, TODAY_MS - DAY_MS)
    before = store.marks()["gw", "e"]
    store.close()
    again = make_store(tmp_path)
    assert again.marks()["gw", "e"].book == before.book
    assert sum(counts_of(again).values()) == 40
    again.write(written(41, 41))
    again.close()
    third = make_store(tmp_path)
    assert counts_of(third)[TODAY] == before.book.entries[TODAY].total + 1
    third.close()


def test_records_of_which_every_sample_is_refused_are_not_counted() -> None:
    sent = batch((A, 1, 1.0), (A, 2, 2.0), (A, 3, 3.0))
    points = replace(sent.points, origin=np.array([0, 0, 1], np.int32))
    marks = [Mark("gw", "e", 1, 1, 5, origin=0), Mark("gw", "e", 2, 2, 5, origin=1), Mark("gw", "e", 3, 3, EVENTS)]
    sent = replace(sent, points=points, marks=marks, filled=[Mark("gw", "e", 1, 1, 5, origin=1)])
    noted, refused = note_refused(sent, points.choose(np.array([True, False, False])))
    assert [mark.entry for mark in noted.marks] == [5, REFUSED, EVENTS]
    assert (len(noted.filled), refused) == (0, (marks[1], sent.filled[0]))
