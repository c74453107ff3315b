"""Metadata in an InfluxDB bucket, in measurements of its own.

- `headland_mark` by gateway and epoch, `headland_device` by organisation and device: at most one point an hour, which
  the newest state replaces; they are written again once a day, so that a bucket's retention never deletes them.
- `headland_event`, `headland_conflict`: at their own instant. Several of one source in a millisecond are at different
  nanoseconds of it, chosen by their content.
- `headland_ahead`: samples that may never be a series' latest.
"""

# ruff: noqa: S608 - statements contain only our names, everything else is bound

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import msgspec
import numpy as np

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater
from headland.files.damage_notes import FileDamage
from headland.store.core.dedup import split_windows
from headland.store.core.selection import pack_event
from headland.store.influx.client import InfluxConnection, InfluxSeries, Precision
from headland.store.influx.samples import FIRST_MS, LAST_MS, MOST_WINDOWS, WINDOW_GAP_MS
from headland.store.number_sets import Counts, count
from headland.store.port import Mark, MarkState, SeriesKey, StoredEvent
from headland.store.record_book import RecordBook, uncounted
from headland.store.server.line_protocol import OWN_PREFIX, head, quote, tags_of
from headland.store.server.ports import Instant, MetadataSnapshot, NewConflict, Source, SourceNumbers, WrittenNumber
from headland.units_of_time import DAY_MS, HOUR_MS

MARK: Final = OWN_PREFIX + "mark"
DEVICE: Final = OWN_PREFIX + "device"
EVENT: Final = OWN_PREFIX + "event"
CONFLICT: Final = OWN_PREFIX + "conflict"
AHEAD: Final = OWN_PREFIX + "ahead"

_SLOTS: Final = 1_000_000
#: Letters of a book, below the 64 KiB that InfluxDB allows for a text, and its ranges of an entry where it has more.
_BOOK_LETTERS: Final = 50_000
_BOOK_RANGES: Final = 20
Record = TypeVar("Record")

_SERIES: Final = "organisation, site, kind, device, channel, simulated"


class InfluxMetadata:
    """The `MetadataServer` of one bucket. Its owner allows one writing thread at a time."""

    def __init__(self, connection: InfluxConnection) -> None:
        self._connection = connection
        self._marks: dict[tuple[str, str], MarkState] = {}
        self._devices: dict[tuple[str, str], tuple[str, Descriptor]] = {}
        self._damage: list[FileDamage] = []
        self._stamp_ms = FIRST_MS
        self._renewed_ms = FIRST_MS

    def open(self) -> None:
        """Do nothing: the first line of a measurement creates it."""

    def close(self) -> None:
        """Do nothing: `InfluxSamples` closes the connection."""

    def load(self) -> MetadataSnapshot:
        """Return all metadata."""
        marks, devices, ahead, events, conflicts = self._connection.query(
            (
                f"SELECT high_water, ahead, book FROM {MARK} GROUP BY gateway, epoch ORDER BY time DESC LIMIT 2",
                f"SELECT last(body) AS body, gateway FROM {DEVICE} GROUP BY organisation, device",
                f"SELECT n FROM {AHEAD} GROUP BY {_SERIES}",
                f"SELECT count(body) FROM {EVENT}",
                f"SELECT count(value) FROM {CONFLICT}",
            )
        )
        self._marks = {(series.tags["gateway"], series.tags["epoch"]): _mark_state(series) for series in marks}
        self._devices = {
            (series.tags["organisation"], series.tags["device"]): (str(row[2] or ""), _decode(str(row[1]), Descriptor))
            for series in devices
            for row in series.values[-1:]
        }
        stamps = [max(int(row[0] or 0) for row in series.values) for series in (*marks, *devices)]
        self._stamp_ms = max(stamps, default=FIRST_MS)
        self._renewed_ms = max(self._renewed_ms, min(stamps, default=FIRST_MS))
        return MetadataSnapshot(
            dict(self._marks),
            dict(self._devices),
            {_key(series): [int(row[0] or 0) for row in series.values] for series in ahead},
            _count(events),
            _count(conflicts),
        )

    def add_never_latest(self, instants: Sequence[Instant]) -> None:
        """Store that these samples may never be a series' latest."""
        self._write([f"{head(AHEAD, _tags(key))} n=1 {time_ms}" for key, time_ms in instants])

    def add_conflicts(self, conflicts: Sequence[NewConflict]) -> int:
        """Add the new ones; return how many they were."""
        if not conflicts:
            return 0
        times = [conflict.time_ms for conflict in conflicts]
        taken: dict[SeriesKey, dict[int, object]] = defaultdict(dict)
        for series in self._read_around(f"SELECT value FROM {CONFLICT}", times, _SERIES):
            taken[_key(series)].update((int(row[0] or 0), row[1]) for row in series.values)
        lines = []
        for conflict in conflicts:
            at_ns = _free_slot(conflict.time_ms, taken[conflict.key], conflict.value)
            if at_ns is not None:
                taken[conflict.key][at_ns] = conflict.value
                fields = f"value={conflict.value!r},quality={conflict.quality}.0,seen_ms={conflict.seen_ms}i"
                lines.append(f"{head(CONFLICT, _tags(conflict.key))} {fields} {at_ns}")
        self._write(lines, "ns")
        return len(lines)

    def add_events(self, events: Sequence[StoredEvent]) -> int:
        """Add the new ones; return how many they were."""
        times = [_clamped(stored.event.t) for stored in events]
        taken: dict[tuple[str, str], dict[int, object]] = defaultdict(dict)
        for series in self._read_around(f"SELECT body FROM {EVENT}", times, "organisation, device"):
            source = (series.tags.get("organisation", ""), series.tags.get("device", ""))
            taken[source].update((int(row[0] or 0), row[1]) for row in series.values)
        lines = []
        for stored, time_ms in zip(events, times, strict=True):
            body, source = pack_event(stored.event).decode(), (stored.organisation, stored.event.device)
            at_ns = _free_slot(time_ms, taken[source], body)
            if at_ns is not None:
                taken[source][at_ns] = body
                tags = {"organisation": stored.organisation, "device": stored.event.device}
                lines.append(f"{head(EVENT, tags)} body={quote(body)} {at_ns}")
        self._write(lines, "ns")
        return len(lines)

    def put_marks(self, marks: Mapping[Source, MarkState], numbers: SourceNumbers) -> None:
        """Replace the states of some sources; the marks themselves are beside the samples."""
        del numbers
        stamp_ms = self._stamp()
        self._write([_mark_line(source, state, stamp_ms) for source, state in marks.items()])
        self._marks.update(marks)
        self._renew(stamp_ms)

    def written(self) -> Mapping[Source, WrittenNumber]:
        """Return nothing: the marks themselves are beside the samples."""
        return {}

    def add_damage(self, damage: FileDamage) -> None:
        """Note a loss in memory: what is beside the samples is lost with them."""
        self._damage.append(damage)

    def damage(self) -> list[FileDamage]:
        """Return the losses since the start, oldest first."""
        return list(self._damage)

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all losses; return those that were not acknowledged before."""
        is_open = [damage for damage in self._damage if damage.acknowledged_ms is None]
        self._damage = [
            each
            if each.acknowledged_ms is not None
            else msgspec.structs.replace(each, acknowledged_ms=now_ms, acknowledged_by=by)
            for each in self._damage
        ]
        return is_open

    def put_device(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Replace a device's descriptor."""
        self._write([_device_line(organisation, gateway, descriptor, self._stamp())])
        self._devices[organisation, descriptor.device] = (gateway, descriptor)

    def events(self, organisation: str, start_ms: int, end_ms: int, device: str | None, limit: int) -> list[Event]:
        """Return events in [start_ms, end_ms) by time and content, at most `limit`."""
        select, tags = f"SELECT body FROM {EVENT}", "organisation, device"
        results = self._read(select, start_ms, end_ms, tags, organisation, device, limit)
        cut_ms = {int(series.values[-1][0] or 0) // _SLOTS for series in results if len(series.values) == limit}
        for time_ms in cut_ms:
            # Events of one millisecond are ordered by content, not by their slots: the limit may have split them.
            results += self._read(select, time_ms, time_ms + 1, tags, organisation, device)
        bodies = {str(row[1]) for series in results for row in series.values}
        rows = [(_decode(body, Event), body) for body in bodies]
        rows = [(event, body) for event, body in rows if start_ms <= event.t < end_ms]
        rows.sort(key=lambda row: (row[0].t, row[1].encode()))
        return [event for event, _ in rows[:limit]]

    def conflicts(self, organisation: str, start_ms: int, end_ms: int, device: str | None) -> list[NewConflict]:
        """Return conflicts in [start_ms, end_ms)."""
        statement = f"SELECT value, quality, seen_ms FROM {CONFLICT}"
        return [
            NewConflict(
                _key(series), int(at_ns or 0) // _SLOTS, float(value or 0), int(quality or 0), int(seen_ms or 0)
            )
            for series in self._read(statement, start_ms, end_ms, _SERIES, organisation, device)
            for at_ns, value, quality, seen_ms in series.values
        ]

    def event_organisations(self) -> set[str]:
        """Return the organisations with events."""
        (counts,) = self._connection.query((f"SELECT count(body) FROM {EVENT} GROUP BY organisation",))
        return {series.tags.get("organisation", "") for series in counts}

    def delete_before(self, organisation: str, cut_ms: int) -> None:
        """Delete an organisation's events, conflicts and never-latest marks before `cut_ms`."""
        where = f"WHERE organisation = $organisation AND time < {_clamped(cut_ms)}ms"
        statements = [f"DELETE FROM {own} {where}" for own in (EVENT, CONFLICT, AHEAD)]
        self._connection.change(*statements, words={"organisation": organisation})

    def _stamp(self) -> int:
        """Return the start of this hour, never before the last one: the clock may have been set back."""
        now_ms = wall_clock_ms()
        self._stamp_ms = max(self._stamp_ms, now_ms - now_ms % HOUR_MS)
        return self._stamp_ms

    def _renew(self, stamp_ms: int) -> None:
        """Write every mark and device again once a day where the bucket has a retention."""
        if self._connection.address.retention_h is None or stamp_ms - self._renewed_ms < DAY_MS:
            return
        lines = [_mark_line(source, state, stamp_ms) for source, state in self._marks.items()]
        for (organisation, _), (gateway, descriptor) in self._devices.items():
            lines.append(_device_line(organisation, gateway, descriptor, stamp_ms))
        self._write(lines)
        self._renewed_ms = stamp_ms

    def _write(self, lines: Sequence[str], precision: Precision = "ms") -> None:
        error = self._connection.write(lines, precision) if lines else None
        if error is not None:
            raise RetryLater(f"The store refused a record of its own: {error}.")

    def _read_around(self, select: str, times_ms: Sequence[int], tags: str) -> list[InfluxSeries]:
        """Return the series of a statement around some instants."""
        windows = split_windows(np.array(times_ms, np.int64), WINDOW_GAP_MS, MOST_WINDOWS)
        return [series for low_ms, high_ms in windows for series in self._read(select, low_ms, high_ms + 1, tags)]

    def _read(
        self,
        select: str,
        start_ms: int,
        end_ms: int,
        tags: str,
        organisation: str | None = None,
        device: str | None = None,
        limit: int | None = None,
    ) -> list[InfluxSeries]:
        """Return the series of a statement in a window, at most `limit` rows each, with times in nanoseconds."""
        filters = {"organisation": organisation, "device": device}
        words = {name: value for name, value in filters.items() if value is not None}
        conditions = [f"time >= {_clamped(start_ms)}ms", f"time < {_clamped(end_ms)}ms"]
        conditions += [f"{word} = ${word}" for word in words]
        ending = "" if limit is None else f" LIMIT {limit}"
        return self._connection.query_ns(f"{select} WHERE {' AND '.join(conditions)} GROUP BY {tags}{ending}", words)


def _free_slot(time_ms: int, held: Mapping[int, object], content: str | float) -> int | None:
    """Return the free nanosecond of `time_ms` for a content; None where the content is stored already."""
    first = int.from_bytes(hashlib.blake2b(str(content).encode(), digest_size=8).digest()) % _SLOTS
    for step in range(_SLOTS):
        at_ns = time_ms * _SLOTS + (first + step) % _SLOTS
        if at_ns not in held:
            return at_ns
        if held[at_ns] == content:
            return None
    raise RetryLater(f"The store has a million records at {time_ms} ms already.")


def _mark_line(source: tuple[str, str], state: MarkState, stamp_ms: int) -> str:
    gateway, epoch = source
    ahead = quote(msgspec.json.encode(state.ahead).decode())
    book = quote(_encode_book(state.book))
    fields = f"high_water={state.high_water}i,ahead={ahead},book={book}"
    return f"{head(MARK, {'epoch': epoch, 'gateway': gateway})} {fields} {stamp_ms}"


def _encode_book(book: RecordBook) -> str:
    """Return a book as text: by entry the number of records without ranges, up to which, and the ranges.

    Of a text that is too long the oldest days are joined, so that they expire later than they should.
    """
    rows = [(entry, counts.older, counts.older_upto, counts.ranges) for entry, counts in sorted(book.entries.items())]
    text = msgspec.json.encode(rows).decode()
    if len(text) <= _BOOK_LETTERS:
        return text
    halved = book.shorten(len(book.entries) // 2, _BOOK_RANGES)
    return _encode_book(halved) if halved != book else text


def _decode_book(text: str) -> RecordBook:
    book = RecordBook()
    for entry, older, upto, ranges in _decode(text, list[tuple[int, int, int, tuple[tuple[int, int], ...]]]):
        book = book.join(entry, Counts(ranges, older, upto))
    return book


def _device_line(organisation: str, gateway: str, descriptor: Descriptor, stamp_ms: int) -> str:
    tags = {"device": descriptor.device, "organisation": organisation}
    body = quote(msgspec.json.encode(descriptor).decode())
    return f"{head(DEVICE, tags)} body={body},gateway={quote(gateway)} {stamp_ms}"


def _mark_state(series: InfluxSeries) -> MarkState:
    """Return the union of a source's newest points: marks only grow."""
    state = MarkState()
    books: list[tuple[int, RecordBook]] = []
    for _, high_water, ahead, book in series.values:
        of_it = MarkState()
        for first, last in ((1, int(high_water or 0)), *_decode(str(ahead), tuple[tuple[int, int], ...])):
            of_it = of_it.add(Mark("", "", first, last))
            state = state.add(Mark("", "", first, last))
        known = uncounted(of_it.accounted) if book is None else _decode_book(str(book))
        books.append((count(of_it.accounted), known))
    return replace(state, book=max(books, key=lambda each: each[0], default=(0, RecordBook()))[1])


def _tags(key: SeriesKey) -> dict[str, str]:
    return {**tags_of(key), "kind": key.kind, "channel": key.channel}


def _key(series: InfluxSeries) -> SeriesKey:
    tags = series.tags
    organisation, site, kind, device, channel, simulated = (tags.get(word, "") for word in _SERIES.split(", "))
    return SeriesKey(organisation, site, kind, device, channel, simulated == "true")


def _count(answer: Iterable[InfluxSeries]) -> int:
    return sum(int(row[1] or 0) for series in answer for row in series.values)


def _clamped(time_ms: int) -> int:
    return max(FIRST_MS, min(LAST_MS, time_ms))


def _decode(body: str, kind: type[Record]) -> Record:
    """Return a metadata record. Raises RetryLater for one that another program must have written."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise RetryLater(f"A record of the store's own is not readable: {error}.") from error
