"""The ledger of an engine that keeps numbers only: marks, devices, events and conflicts in SQL tables beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from headland.contract.records import Descriptor, Event
from headland.store.core.selection import pack_event
from headland.store.port import Mark, MarkState, StoredEvent
from headland.store.server.ports import Instant, LedgerPicture, NewConflict
from headland.store.server.sql_tables import (
    CONFLICTS,
    DEVICES,
    EVENTS,
    MARKS,
    NEVER_LATEST,
    SideTables,
    key_of,
    series_row,
)


class SideLedger:
    """The `Ledger` of one store."""

    def __init__(self, tables: SideTables) -> None:
        self._tables = tables

    def open(self) -> None:
        """The tables were made by the samples' side, which opens first."""

    def close(self) -> None:
        """Let the connections go."""
        self._tables.close()

    def load(self) -> LedgerPicture:
        """Return what is held."""
        tables = self._tables
        held = LedgerPicture(
            {(row.gateway, row.epoch): _mark_state(row) for row in tables.rows(MARKS)},
            {
                (row.organisation, row.device): (row.gateway, msgspec.json.decode(row.descriptor, type=Descriptor))
                for row in tables.rows(DEVICES)
            },
            events=tables.count(EVENTS),
            conflicts=tables.count(CONFLICTS),
        )
        for row in tables.rows(NEVER_LATEST):
            held.never_latest.setdefault(key_of(row), []).append(row.time_ms)
        return held

    def add_never_latest(self, instants: Sequence[Instant]) -> None:
        """Keep that these samples may never be a series' latest."""
        self._tables.add(NEVER_LATEST, [{**series_row(key), "time_ms": time_ms} for key, time_ms in instants])

    def add_conflicts(self, conflicts: Sequence[NewConflict]) -> int:
        """Keep those not kept yet; return how many these were."""
        rows = [
            {
                **series_row(one.key),
                "time_ms": one.time_ms,
                "value": one.value,
                "quality": one.quality,
                "seen_ms": one.seen_ms,
            }
            for one in conflicts
        ]
        return self._tables.add(CONFLICTS, rows) if rows else 0

    def add_events(self, events: Sequence[StoredEvent]) -> int:
        """Keep those not kept yet; return how many these were."""
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
        """Replace what is held of a device."""
        row = {
            "organisation": organisation,
            "device": descriptor.device,
            "gateway": gateway,
            "descriptor": msgspec.json.encode(descriptor).decode(),
        }
        self._tables.put(DEVICES, [row])

    def events(self, organisation: str, start_ms: int, end_ms: int, device: str | None, limit: int) -> list[Event]:
        """Return events in [start_ms, end_ms) by time and content, at most `limit`."""
        of = EVENTS.c
        conditions = [of.organisation == organisation, of.time_ms >= start_ms, of.time_ms < end_ms]
        conditions += [] if device is None else [of.device == device]
        rows = self._tables.rows(EVENTS, *conditions)
        rows.sort(key=lambda row: (row.time_ms, row.body.encode()))
        return [msgspec.json.decode(row.body, type=Event) for row in rows[:limit]]

    def conflicts(self, organisation: str, start_ms: int, end_ms: int, device: str | None) -> list[NewConflict]:
        """Return conflicts in [start_ms, end_ms)."""
        of = CONFLICTS.c
        conditions = [of.organisation == organisation, of.time_ms >= start_ms, of.time_ms < end_ms]
        conditions += [] if device is None else [of.device == device]
        return [
            NewConflict(key_of(row), row.time_ms, row.value, row.quality, row.seen_ms)
            for row in self._tables.rows(CONFLICTS, *conditions)
        ]

    def event_organisations(self) -> set[str]:
        """Return the organisations that have events."""
        return self._tables.distinct(EVENTS.c.organisation)

    def delete_before(self, organisation: str, cut_ms: int) -> None:
        """Delete an organisation's events, conflicts and the like before `cut_ms`."""
        for table in (EVENTS, CONFLICTS, NEVER_LATEST):
            self._tables.delete(table, table.c.organisation == organisation, table.c.time_ms < cut_ms)


def _mark_state(row: Any) -> MarkState:
    state = MarkState()
    for first, last in ((1, row.high_water), *msgspec.json.decode(row.ahead, type=tuple[tuple[int, int], ...])):
        state = state.add(Mark(row.gateway, row.epoch, first, last))
    return state
