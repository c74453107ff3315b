"""Metadata of an engine that stores numbers only: marks, devices, events and conflicts in SQL tables beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.files.damage_notes import FileDamage
from headland.store.core.selection import pack_event
from headland.store.number_sets import Counts, Range
from headland.store.port import Mark, MarkState, StoredEvent
from headland.store.record_book import RecordBook, uncounted
from headland.store.server.ports import Instant, MetadataSnapshot, NewConflict, Source, SourceNumbers, WrittenNumber
from headland.store.server.sql_tables import (
    BOOKS,
    CONFLICTS,
    DAMAGE,
    DEVICES,
    EVENTS,
    MARKS,
    NEVER_LATEST,
    NUMBERS,
    SqlTables,
    key_of,
    series_row,
)

#: The rows of a book: the last record by entry and first record.
_BookRows = dict[tuple[int, int], int]
#: The row that says that there is a book.
_BEGUN: Final = ((0, 0), 0)


class SqlMetadata:
    """The `Ledger` of one store."""

    def __init__(self, tables: SqlTables) -> None:
        self._tables = tables
        self._books: dict[Source, _BookRows] = {}

    def open(self) -> None:
        """The tables are made by `SqlSamples`, which opens first."""

    def close(self) -> None:
        """Close the connections."""
        self._tables.close()

    def load(self) -> MetadataSnapshot:
        """Return all metadata."""
        tables = self._tables
        self._books = {}
        for row in tables.rows(BOOKS):
            self._books.setdefault((row.gateway, row.epoch), {})[row.entry, row.first] = row.last
        snapshot = MetadataSnapshot(
            {
                source: _mark_state(row, self._books.get(source))
                for row in tables.rows(MARKS)
                for source in ((row.gateway, row.epoch),)
            },
            {
                (row.organisation, row.device): (row.gateway, msgspec.json.decode(row.descriptor, type=Descriptor))
                for row in tables.rows(DEVICES)
            },
            events=tables.count(EVENTS),
            conflicts=tables.count(CONFLICTS),
        )
        for row in tables.rows(NEVER_LATEST):
            snapshot.never_latest.setdefault(key_of(row), []).append(row.time_ms)
        return snapshot

    def add_never_latest(self, instants: Sequence[Instant]) -> None:
        """Store that these samples may never be a series' latest."""
        self._tables.add(NEVER_LATEST, [{**series_row(key), "time_ms": time_ms} for key, time_ms in instants])

    def add_conflicts(self, conflicts: Sequence[NewConflict]) -> int:
        """Add the new ones; return how many they were."""
        rows = [
            {
                **series_row(conflict.key),
                "time_ms": conflict.time_ms,
                "value": conflict.value,
                "quality": conflict.quality,
                "seen_ms": conflict.seen_ms,
            }
            for conflict in conflicts
        ]
        return self._tables.add(CONFLICTS, rows) if rows else 0

    def add_events(self, events: Sequence[StoredEvent]) -> int:
        """Add the new ones; return how many they were."""
        rows = {}
        for stored in events:
            body = pack_event(stored.event)
            digest = hashlib.blake2b(body, digest_size=16).hexdigest()
            rows[stored.organisation, digest] = {
                "organisation": stored.organisation,
                "time_ms": stored.event.t,
                "digest": digest,
                "device": stored.event.device,
                "body": body.decode(),
            }
        return self._tables.add(EVENTS, list(rows.values()))

    def put_marks(self, marks: Mapping[Source, MarkState], numbers: SourceNumbers) -> None:
        """Replace the states of some sources and their numbers; of their books only what changed is written."""
        mark_rows, added, gone = [], [], []
        changed: dict[Source, _BookRows] = {}
        for (gateway, epoch), state in marks.items():
            source = {"gateway": gateway, "epoch": epoch}
            ahead = msgspec.json.encode(state.ahead).decode()
            mark_rows.append({**source, "high_water": state.high_water, "ahead": ahead})
            before, after = self._books.get((gateway, epoch), {}), _rows_of(state.book)
            gone += [{**source, "entry": entry, "first": first} for entry, first in before.keys() - after.keys()]
            added += [
                {**source, "entry": entry, "first": first, "last": last}
                for (entry, first), last in after.items()
                if before.get((entry, first)) != last
            ]
            changed[gateway, epoch] = after
        now_ms = wall_clock_ms()
        number_rows = [
            {"gateway": gateway, "epoch": epoch, "number": number, "time_ms": now_ms}
            for (gateway, epoch), number in numbers.items()
        ]
        self._tables.change([(BOOKS, gone)], [(MARKS, mark_rows), (BOOKS, added), (NUMBERS, number_rows)])
        self._books.update(changed)

    def written(self) -> Mapping[Source, WrittenNumber]:
        """Return the numbers that are beside the samples."""
        return {(row.gateway, row.epoch): WrittenNumber(row.number, row.time_ms) for row in self._tables.rows(NUMBERS)}

    def add_damage(self, damage: FileDamage) -> None:
        """Note a loss of the server."""
        self._tables.put(DAMAGE, [_damage_row(damage)])

    def damage(self) -> list[FileDamage]:
        """Return the losses of the server, oldest first."""
        rows = self._tables.rows(DAMAGE, order=(DAMAGE.c.found_ms,))
        return [msgspec.json.decode(row.body, type=FileDamage) for row in rows]

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all losses; return those that were not acknowledged before."""
        is_open = [damage for damage in self.damage() if damage.acknowledged_ms is None]
        changed = [msgspec.structs.replace(each, acknowledged_ms=now_ms, acknowledged_by=by) for each in is_open]
        self._tables.put(DAMAGE, [_damage_row(damage) for damage in changed])
        return is_open

    def put_device(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Replace a device's descriptor."""
        row = {
            "organisation": organisation,
            "device": descriptor.device,
            "gateway": gateway,
            "descriptor": msgspec.json.encode(descriptor).decode(),
        }
        self._tables.put(DEVICES, [row])

    def events(self, organisation: str, start_ms: int, end_ms: int, device: str | None, limit: int) -> list[Event]:
        """Return events in [start_ms, end_ms) by time and content, at most `limit`."""
        column = EVENTS.c
        conditions = [column.organisation == organisation, column.time_ms >= start_ms, column.time_ms < end_ms]
        conditions += [] if device is None else [column.device == device]
        rows = self._tables.rows(EVENTS, *conditions)
        rows.sort(key=lambda row: (row.time_ms, row.body.encode()))
        return [msgspec.json.decode(row.body, type=Event) for row in rows[:limit]]

    def conflicts(self, organisation: str, start_ms: int, end_ms: int, device: str | None) -> list[NewConflict]:
        """Return conflicts in [start_ms, end_ms)."""
        column = CONFLICTS.c
        conditions = [column.organisation == organisation, column.time_ms >= start_ms, column.time_ms < end_ms]
        conditions += [] if device is None else [column.device == device]
        return [
            NewConflict(key_of(row), row.time_ms, row.value, row.quality, row.seen_ms)
            for row in self._tables.rows(CONFLICTS, *conditions)
        ]

    def event_organisations(self) -> set[str]:
        """Return the organisations with events."""
        return self._tables.distinct(EVENTS.c.organisation)

    def delete_before(self, organisation: str, cut_ms: int) -> None:
        """Delete an organisation's events, conflicts and never-latest marks before `cut_ms`."""
        for table in (EVENTS, CONFLICTS, NEVER_LATEST):
            self._tables.delete(table, table.c.organisation == organisation, table.c.time_ms < cut_ms)


def _damage_row(damage: FileDamage) -> dict[str, object]:
    return {"found_ms": damage.found_ms, "body": msgspec.json.encode(damage).decode()}


def _mark_state(row: Any, book: _BookRows | None) -> MarkState:
    state = MarkState()
    for first, last in ((1, row.high_water), *msgspec.json.decode(row.ahead, type=tuple[tuple[int, int], ...])):
        state = state.add(Mark(row.gateway, row.epoch, first, last))
    return replace(state, book=uncounted(state.accounted) if book is None else _book_of(book))


def _rows_of(book: RecordBook) -> _BookRows:
    """Return the last record by entry and first record, and a row for the book itself, which may be empty."""
    rows = dict([_BEGUN])
    for entry, counts in book.entries.items():
        rows |= {(entry, first): last for first, last in counts.ranges}
        if counts.older:
            rows[entry, -counts.older] = counts.older_upto
    return rows


def _book_of(rows: _BookRows) -> RecordBook:
    ranges: dict[int, list[Range]] = {}
    book = RecordBook()
    for (entry, first), last in rows.items():
        if (entry, first) == _BEGUN[0]:
            continue
        if first < 1:
            book = book.join(entry, Counts((), -first, last))
        else:
            ranges.setdefault(entry, []).append((first, last))
    return book.add(ranges)
