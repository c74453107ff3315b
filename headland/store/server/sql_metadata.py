"""Metadata of an engine that stores numbers only: marks, devices, events and conflicts in SQL tables beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headland.contract.records import Descriptor, Event
from headland.store.core.selection import pack_event
from headland.store.port import Mark, MarkState, StoredEvent
from headland.store.server.ports import Instant, MetadataSnapshot, NewConflict
from headland.store.server.sql_tables import (
    CONFLICTS,
    DEVICES,
    EVENTS,
    MARKS,
    NEVER_LATEST,
    SqlTables,
    key_of,
    series_row,
)


class SqlMetadata:
    """The `Ledger` of one store."""

    def __init__(self, tables: SqlTables) -> None:
        self._tables = tables

    def open(self) -> None:
        """The tables are made by `SqlSamples`, which opens first."""

    def close(self) -> None:
        """Close the connections."""
        self._tables.close()

    def load(self) -> MetadataSnapshot:
        """Return all metadata."""
        tables = self._tables
        snapshot = MetadataSnapshot(
            {(row.gateway, row.epoch): _mark_state(row) for row in tables.rows(MARKS)},
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

    def put_marks(self, marks: Mapping[tuple[str, str], MarkState]) -> None:
        """Replace the states of some sources."""
        self._tables.put(
            MARKS,
            [
                {
                    "gateway": gateway,
                    "epoch": epoch,
                    "high_water": state.high_water,
                    "ahead": msgspec.json.encode(state.ahead).decode(),
                }
                for (gateway, epoch), state in marks.items()
            ],
        )

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


def _mark_state(row: Any) -> MarkState:
    state = MarkState()
    for first, last in ((1, row.high_water), *msgspec.json.decode(row.ahead, type=tuple[tuple[int, int], ...])):
        state = state.add(Mark(row.gateway, row.epoch, first, last))
    return state
