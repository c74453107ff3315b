"""What became of records without samples: kept once, bounded, the last word counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from ingest.accounting import ledger
from ingest.accounting.ledger import MAX_RANGES, Counts, Disposition, Entry, note, read_tallies, strike
from ingest.accounting.ranges import Ranges


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    made.execute(ledger.SCHEMA)
    yield made
    made.close()


def entry(fate: Disposition, *ranges: tuple[int, int], gateway: str = "gw-1") -> Entry:
    return Entry(gateway, "e1", fate, ranges)


def test_the_same_records_twice_are_counted_once(connection: sqlite3.Connection) -> None:
    note(
        connection,
        [entry(Disposition.DROPPED, (1, 4)), entry(Disposition.DROPPED, (3, 5)), entry(Disposition.DROPPED, (1, 4))],
    )
    assert read_tallies(connection) == {("gw-1", "e1", Disposition.DROPPED): Counts(((1, 5),))}


def test_of_two_fates_of_a_record_the_last_counts(connection: sqlite3.Connection) -> None:
    note(connection, [entry(Disposition.DROPPED, (1, 4)), entry(Disposition.QUARANTINED, (2, 2))])
    assert read_tallies(connection) == {
        ("gw-1", "e1", Disposition.DROPPED): Counts(((1, 1), (3, 4))),
        ("gw-1", "e1", Disposition.QUARANTINED): Counts(((2, 2),)),
    }


def test_what_is_stored_after_all_is_struck(connection: sqlite3.Connection) -> None:
    note(connection, [entry(Disposition.QUARANTINED, (1, 4))])
    strike(connection, entry(Disposition.QUARANTINED, (2, 3)))
    assert read_tallies(connection)["gw-1", "e1", Disposition.QUARANTINED].ranges == ((1, 1), (4, 4))


def test_tallies_are_read_by_gateway(connection: sqlite3.Connection) -> None:
    note(connection, [entry(Disposition.GONE, (1, 4)), entry(Disposition.GONE, (1, 9), gateway="gw-2")])
    assert list(read_tallies(connection, "gw-2")) == [("gw-2", "e1", Disposition.GONE)]
    assert len(read_tallies(connection)) == 2


def test_of_very_many_ranges_the_lowest_become_a_number() -> None:
    every_second: Ranges = tuple((seq, seq) for seq in range(1, 2 * MAX_RANGES + 21, 2))
    tally = Counts().add(every_second)
    assert (len(tally.ranges), tally.older, tally.older_upto) == (MAX_RANGES, 10, 19)
    assert tally.count_in(((1, 10_000),)) == MAX_RANGES + 10
    assert tally.remove(((3, 3),)).count_in(((1, 10_000),)) == MAX_RANGES + 9
    assert tally.remove(((21, 21),)).count_in(((1, 10_000),)) == MAX_RANGES + 9


def test_only_what_the_marks_hold_as_well_is_counted() -> None:
    assert Counts(((1, 10),)).count_in(((1, 3), (8, 20))) == 6
