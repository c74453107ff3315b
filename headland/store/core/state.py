"""State of a store in memory: series, frontiers, marks, devices and counts; and its change by a write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from headland.contract.records import Descriptor
from headland.store.core.batch_rows import Rows
from headland.store.core.dedup import Positions, find_newest
from headland.store.core.selection import device_of_series
from headland.store.core.series import NEVER_MS, Frontier, SeriesCatalog
from headland.store.number_sets import Range, intersect, subtract
from headland.store.port import (
    DeviceRecord,
    Latest,
    Mark,
    MarkState,
    SeriesFilter,
    SeriesKey,
    WriteBatch,
    WriteResult,
)
from headland.store.record_book import is_content

Source = tuple[str, str]
#: Ranges of records that are new in the books, by source and entry.
BookEntries = Mapping[Source, Mapping[int, Sequence[Range]]]


@dataclass(slots=True)
class StoreState:
    """State in memory. Only its engine's writer changes it, after a commit, under a lock."""

    catalog: SeriesCatalog = field(default_factory=SeriesCatalog)
    frontier: Frontier = field(default_factory=Frontier)
    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)
    points: int = 0
    events: int = 0
    conflicts: int = 0

    def select(self, which: SeriesFilter) -> list[tuple[int, SeriesKey]]:
        """Return the series with samples that match a filter, by key."""
        return [(sid, self.catalog.key(sid)) for sid in self.frontier.filled(self.catalog.select(which))]

    def latest(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series that matches a filter, by key."""
        sids = np.array(self.catalog.select(which), np.int32)
        sids = sids[self.frontier.latest_ms[sids] != NEVER_MS]
        rows = zip(
            sids.tolist(),
            self.frontier.latest_ms[sids].tolist(),
            self.frontier.latest_value[sids].tolist(),
            self.frontier.latest_quality[sids].tolist(),
            strict=True,
        )
        return [Latest(self.catalog.key(sid), time_ms, value, quality) for sid, time_ms, value, quality in rows]

    def newest_ms(self) -> int | None:
        """Return the newest sample that may be the latest; None without any."""
        newest_ms = int(self.frontier.latest_ms[: len(self.catalog)].max(initial=NEVER_MS))
        return None if newest_ms == NEVER_MS else newest_ms

    def organisations(self) -> set[str]:
        """Return the organisations with devices or samples."""
        filled = (sid for sid in range(len(self.catalog)) if self.frontier.holds_samples(sid))
        return {owner for owner, _ in self.devices} | {self.catalog.key(sid).organisation for sid in filled}

    def marks_of(self, organisation: str) -> dict[Source, MarkState]:
        """Return the marks of the gateways with devices of an organisation."""
        owned = {gateway for (owner, _), (gateway, _) in self.devices.items() if owner == organisation}
        return {source: state for source, state in self.marks.items() if source[0] in owned}

    def list_devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices with a descriptor or samples, by id; with `device` that one alone."""
        if device is None:
            described = {name for owner, name in self.devices if owner == organisation}
            names = sorted(described | self.catalog.devices(organisation))
        else:
            names = [device]
        records = [self._device(organisation, name) for name in names]
        return [record for record in records if record is not None]

    def _device(self, organisation: str, device: str) -> DeviceRecord | None:
        sids = self.catalog.of_device(organisation, device)
        newest_ms = max(self.frontier.latest_ms[sids].tolist(), default=NEVER_MS)
        last_seen_ms = None if newest_ms == NEVER_MS else newest_ms
        described = self.devices.get((organisation, device))
        if described is None:
            filled = [self.catalog.key(sid) for sid in sids if self.frontier.holds_samples(sid)]
            return device_of_series(organisation, filled, last_seen_ms) if filled else None
        gateway, descriptor = described
        if any(self.catalog.key(sid).simulated for sid in sids):
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        return DeviceRecord(organisation, gateway, descriptor, last_seen_ms=last_seen_ms)


@dataclass(frozen=True, slots=True)
class StateChange:
    """Change of the state by a committed group."""

    results: list[WriteResult]
    new_series: list[SeriesKey]
    rows: Rows
    accepted: NDArray[np.bool_]
    marks: dict[tuple[str, str], MarkState]
    events: int
    conflicts: int


def apply_change(state: StoreState, change: StateChange) -> None:
    """Apply a committed change to the state; cannot fail half way."""
    state.catalog.add(change.new_series)
    state.frontier.grow(len(state.catalog))
    rows, accepted = change.rows, change.accepted
    newest = _newest_of(rows, accepted & rows.may_be_latest)
    state.frontier.advance(rows.sid[newest], rows.time_ms[newest], rows.value[newest], rows.quality[newest])
    ahead = accepted & ~rows.may_be_latest
    if ahead.any():
        state.frontier.advance_ahead(rows.sid[ahead], rows.time_ms[ahead])
    state.marks.update(change.marks)
    state.points += int(np.count_nonzero(accepted))
    state.events += change.events
    state.conflicts += change.conflicts


def _newest_of(rows: Rows, mask: NDArray[np.bool_]) -> Positions:
    if mask.all():
        return find_newest(rows.sid, rows.time_ms)
    among = np.flatnonzero(mask)
    return among[find_newest(rows.sid[among], rows.time_ms[among])]


def advance_marks(
    marks: Mapping[Source, MarkState], batches: Sequence[WriteBatch]
) -> tuple[dict[Source, MarkState], BookEntries]:
    """Return the new states of the sources with marks in the batches, and what is new in their books."""
    changed: dict[Source, MarkState] = {}
    entries: dict[Source, dict[int, list[Range]]] = {}
    for batch in batches:
        for mark in batch.marks:
            source = (mark.gateway, mark.epoch)
            before = changed.get(source) or marks.get(source) or _NO_RECORDS
            if mark.entry is not None:
                new = _new_in(before, mark)
                if new:
                    entries.setdefault(source, {}).setdefault(mark.entry, []).extend(new)
            changed[source] = before.add(mark)
        for mark in batch.filled:
            source = (mark.gateway, mark.epoch)
            before = changed.get(source) or marks.get(source) or _NO_RECORDS
            new = _filled_by(before, mark, entries.get(source, {}))
            if new and mark.entry is not None:
                entries.setdefault(source, {}).setdefault(mark.entry, []).extend(new)
                changed.setdefault(source, before)
    for source, of_it in entries.items():
        state = changed[source]
        changed[source] = replace(state, book=state.book.add(of_it))
    return changed, entries


_NO_RECORDS: Final = MarkState()


def _new_in(before: MarkState, mark: Mark) -> Sequence[Range]:
    """Return the records of a mark that were not accounted for before."""
    if not before.ahead and mark.first > before.high_water:
        return ((mark.first, mark.last),)
    return subtract(((mark.first, mark.last),), before.accounted)


def _filled_by(before: MarkState, mark: Mark, planned: Mapping[int, Sequence[Range]]) -> Sequence[Range]:
    """Return the records of a mark that are accounted for without a content; of the oldest that is not known."""
    known = before.book.add(planned)
    upto = max((counts.older_upto for counts in known.entries.values()), default=0)
    records = intersect(((max(mark.first, upto + 1), mark.last),), before.accounted)
    return subtract(records, known.ranges(is_content))


def expire_books(
    marks: Mapping[Source, MarkState], cut_ms: int, events_cut_ms: int | None = None
) -> dict[Source, MarkState]:
    """Return the states whose books change when samples before `cut_ms`, and events before the other, are deleted."""
    expired = {source: state.book.expire(cut_ms, events_cut_ms) for source, state in marks.items()}
    return {source: replace(marks[source], book=book) for source, book in expired.items() if book != marks[source].book}
