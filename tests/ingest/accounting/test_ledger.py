"""Ledger of records without samples: counted once, bounded, the last disposition counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from headland.store.number_sets import MAX_RANGES, Counts, Ranges
from ingest.accounting import ledger
from ingest.accounting.ledger import (
    Disposition,
    DispositionEntry,
    read_counts,
    record_dispositions,
    remove_disposition,
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    made.execute(ledger.SCHEMA)
    yield made
    made.close()


def entry(disposition: Disposition, *ranges: tuple[int, int], gateway: str = "gw-1") -> DispositionEntry:
    return DispositionEntry(gateway, "e1", disposition, ranges)


def test_the_same_records_twice_are_counted_once(connection: sqlite3.Connection) -> None:
    record_dispositions(
        connection,
        [entry(Disposition.DROPPED, (1, 4)), entry(Disposition.DROPPED, (3, 5)), entry(Disposition.DROPPED, (1, 4))],
    )
    assert read_counts(connection) == {("gw-1", "e1", Disposition.DROPPED): Counts(((1, 5),))}


def test_the_last_of_two_dispositions_of_a_record_counts(connection: sqlite3.Connection) -> None:
    record_dispositions(connection, [entry(Disposition.DROPPED, (1, 4)), entry(Disposition.QUARANTINED, (2, 2))])
    assert read_counts(connection) == {
        ("gw-1", "e1", Disposition.DROPPED): Counts(((1, 1), (3, 4))),
        ("gw-1", "e1", Disposition.QUARANTINED): Counts(((2, 2),)),
    }


def test_a_report_of_missing_records_ends_no_other_disposition(connection: sqlite3.Connection) -> None:
    record_dispositions(connection, [entry(Disposition.QUARANTINED, (2, 2)), entry(Disposition.SHORTENED, (1, 4))])
    assert read_counts(connection) == {
        ("gw-1", "e1", Disposition.QUARANTINED): Counts(((2, 2),)),
        ("gw-1", "e1", Disposition.SHORTENED): Counts(((1, 4),)),
    }


def test_records_that_are_stored_later_are_removed(connection: sqlite3.Connection) -> None:
    record_dispositions(connection, [entry(Disposition.QUARANTINED, (1, 4))])
    remove_disposition(connection, entry(Disposition.QUARANTINED, (2, 3)))
    assert read_counts(connection)["gw-1", "e1", Disposition.QUARANTINED].ranges == ((1, 1), (4, 4))


def test_counts_are_read_by_gateway(connection: sqlite3.Connection) -> None:
    record_dispositions(connection, [entry(Disposition.GONE, (1, 4)), entry(Disposition.GONE, (1, 9), gateway="gw-2")])
    assert list(read_counts(connection, "gw-2")) == [("gw-2", "e1", Disposition.GONE)]
    assert len(read_counts(connection)) == 2


def test_the_lowest_of_very_many_ranges_become_a_count() -> None:
    every_second: Ranges = tuple((seq, seq) for seq in range(1, 2 * MAX_RANGES + 21, 2))
    counts = Counts().add(every_second)
    assert (len(counts.ranges), counts.older, counts.older_upto) == (MAX_RANGES, 10, 19)
    assert counts.count_in(((1, 10_000),)) == MAX_RANGES + 10
    assert counts.remove(((3, 3),)).count_in(((1, 10_000),)) == MAX_RANGES + 9
    assert counts.remove(((21, 21),)).count_in(((1, 10_000),)) == MAX_RANGES + 9


def test_only_what_the_marks_hold_as_well_is_counted() -> None:
    assert Counts(((1, 10),)).count_in(((1, 3), (8, 20))) == 6
