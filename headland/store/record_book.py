"""Book of the records of an epoch: what became of each when it was accounted for. Pure.

A store writes it in the transaction of the marks, so that "stored" is counted and never what remains. A record has one
entry: the day of its newest sample, or one of the states below. Entries are only added, so that the sum of any copies
of them is the same; an entry for a content ends what was written before of a record without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from headland.store.number_sets import Counts, Range, Ranges, merge
from headland.units_of_time import DAY_MS

#: Records with events, as earlier versions noted them: without their day.
EVENTS: Final = -1
#: Records whose samples retention has deleted.
EXPIRED: Final = -2
#: Records whose samples a server had and lost.
SERVER_LOST: Final = -3
#: Records of which a part may have been deleted: within the day of a cut.
CUT: Final = -4
#: Records that a version without a book accounted for.
UNCOUNTED: Final = -5
#: Records without a content in the store: refused whole by ingest, refused by the store, dropped by the gateway as it
#: reported, and deleted by the gateway on the ack of a store that was replaced.
QUARANTINED: Final = -6
REFUSED: Final = -7
DROPPED: Final = -8
GONE: Final = -9
#: Records with events: this less the day of the newest event or sample in them. Events are kept as long as samples are,
#: at least.
EVENT_DAYS: Final = -1000
#: Entries that say that the store had the record's content.
CONTENTS: Final = (EVENTS, EXPIRED, SERVER_LOST, CUT)
#: Days of an epoch that are told apart: of more, the oldest are counted with the day after them.
MAX_DAYS: Final = 4000
_LAST_DAY: Final = 200_000


def day_of(time_ms: int) -> int:
    """Return the entry for records whose newest sample is at an instant: its day since 1970."""
    return max(0, min(time_ms // DAY_MS, _LAST_DAY))


def event_entry(time_ms: int) -> int:
    """Return the entry for records with events whose newest event or sample is at an instant."""
    return EVENT_DAYS - day_of(time_ms)


def event_day(entry: int) -> int:
    """Return the day of an entry of records with events; below 0 for another entry."""
    return EVENT_DAYS - entry if entry <= EVENT_DAYS else -1


def is_content(entry: int) -> bool:
    """Return whether an entry says that the store had the record's content."""
    return entry >= 0 or entry <= EVENT_DAYS or entry in CONTENTS


def is_server_lost(entry: int) -> bool:
    """Return whether an entry says that a server had the record's samples and lost them."""
    return entry == SERVER_LOST


@dataclass(frozen=True, slots=True)
class RecordBook:
    """Records of an epoch by entry."""

    entries: Mapping[int, Counts] = field(default_factory=dict)

    def add(self, entries: Mapping[int, Iterable[Range]]) -> RecordBook:
        """Return the book with ranges of records added, by entry; each of them is new in it."""
        if not entries:
            return self
        known = dict(self.entries)
        for entry, ranges in entries.items():
            known[entry] = known.get(entry, Counts()).add(ranges)
        return RecordBook(_join_oldest(known, MAX_DAYS))

    def join(self, entry: int, counts: Counts) -> RecordBook:
        """Return the book with the records of an entry as they were saved."""
        return RecordBook({**self.entries, entry: self.entries.get(entry, Counts()).join(counts)})

    def expire(self, cut_ms: int, events_cut_ms: int | None = None) -> RecordBook:
        """Return the book after the samples before `cut_ms`, and the events before `events_cut_ms`, were deleted.

        A cut within a day leaves it open which of the day's records are deleted.
        """
        book = _expire(self, lambda entry: entry, cut_ms)
        return book if events_cut_ms is None else _expire(book, event_day, events_cut_ms)

    def move(self, is_due: Callable[[int], bool], target: int) -> RecordBook:
        """Return the book with the records of due entries under `target`."""
        due = [counts for entry, counts in self.entries.items() if is_due(entry)]
        if not due:
            return self
        rest = {entry: counts for entry, counts in self.entries.items() if not is_due(entry)}
        for counts in due:
            rest[target] = rest.get(target, Counts()).join(counts)
        return RecordBook(rest)

    def lose_after(self, number: int) -> RecordBook:
        """Return the book after a server lost the contents of all records above `number`."""
        lost: list[Range] = []
        rest: dict[int, Counts] = {}
        for entry, counts in self.entries.items():
            if entry < 0:
                rest[entry] = counts
                continue
            above = tuple((max(low, number + 1), high) for low, high in counts.ranges if high > number)
            kept = counts.remove(above)
            if number < kept.older_upto:
                kept = Counts(kept.ranges, min(kept.older, number), min(kept.older_upto, number))
            lost += above
            if kept.total:
                rest[entry] = kept
        return RecordBook(rest).add({SERVER_LOST: lost} if lost else {})

    def shorten(self, most_entries: int, most_ranges: int) -> RecordBook:
        """Return a book of fewer entries and fewer ranges of each; the number of records is the same."""
        entries = {entry: counts.fold(most_ranges) for entry, counts in self.entries.items()}
        return RecordBook(_join_oldest(entries, most_entries))

    def ranges(self, is_wanted: Callable[[int], bool]) -> Ranges:
        """Return the records of the wanted entries, as far as their ranges are known."""
        return merge(each for entry, counts in self.entries.items() if is_wanted(entry) for each in counts.ranges)

    def count(self, is_wanted: Callable[[int], bool]) -> int:
        """Return the number of records of the wanted entries."""
        return sum(counts.total for entry, counts in self.entries.items() if is_wanted(entry))


def _expire(book: RecordBook, day_of_entry: Callable[[int], int], cut_ms: int) -> RecordBook:
    day = cut_ms // DAY_MS
    book = book.move(lambda entry: 0 <= day_of_entry(entry) < day, EXPIRED)
    if cut_ms % DAY_MS == 0 or day < 0:
        return book
    return book.move(lambda entry: day_of_entry(entry) == day, CUT)


def uncounted(accounted: Ranges) -> RecordBook:
    """Return the book of records that a version without books accounted for."""
    return RecordBook().add({UNCOUNTED: accounted} if accounted else {})


def _join_oldest(entries: Mapping[int, Counts], most: int) -> dict[int, Counts]:
    """Return the entries with the oldest days joined to the next one, so that at most `most` entries are left."""
    joined = dict(entries)
    if len(joined) <= most:
        return joined
    of_samples = sorted(entry for entry in joined if entry >= 0)
    of_events = sorted((entry for entry in joined if entry <= EVENT_DAYS), reverse=True)
    for day, after in (*pairwise(of_samples), *pairwise(of_events)):
        if len(joined) <= most:
            break
        joined[after] = joined.pop(day).join(joined[after])
    return joined
