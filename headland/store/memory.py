"""In-memory engine: the reference implementation, simple rather than fast, for tests and try-outs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater
from headland.files.damage_notes import FileDamage
from headland.runtime.cancellation import check_cancelled
from headland.store.core.batch_rows import count_origins
from headland.store.core.dedup import DedupResult
from headland.store.core.selection import check_points, check_step, device_of_series, matches, order_of, pack_event
from headland.store.core.state import advance_marks, expire_books
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    MarkState,
    Samples,
    SeriesFilter,
    SeriesKey,
    StoreInfo,
    WriteBatch,
    WriteResult,
)


class _Sample(NamedTuple):
    value: float
    quality: int


@dataclass(slots=True)
class _Contents:
    """Everything that the store holds."""

    samples: dict[SeriesKey, dict[int, _Sample]] = field(default_factory=dict)
    #: Time of the newest sample of a series, among those that may be its latest.
    newest_ms: dict[SeriesKey, int] = field(default_factory=dict)
    conflicts: dict[tuple[SeriesKey, int, float], tuple[int, int]] = field(default_factory=dict)
    events: dict[tuple[str, bytes], Event] = field(default_factory=dict)
    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)


class MemoryStore:
    """A `Store` that loses everything when the process ends."""

    def __init__(self, now_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._lock = threading.Lock()
        self._now_ms = now_ms
        self._contents: _Contents | None = _Contents()

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch and its marks."""
        check_points(batch.points)
        packed = [(stored.organisation, pack_event(stored.event)) for stored in batch.events]
        with self._lock:
            contents = self._open_contents()
            result = _put_samples(contents, batch, self._now_ms() if batch.seen_ms is None else batch.seen_ms)
            for key, stored in zip(packed, batch.events, strict=True):
                contents.events.setdefault(key, stored.event)
            contents.marks.update(advance_marks(contents.marks, [batch])[0])
            return result

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the accounted records by (gateway, epoch)."""
        with self._lock:
            return dict(self._open_contents().marks)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor; `simulated` once true remains true."""
        with self._lock:
            devices = self._open_contents().devices
            before = devices.get((organisation, descriptor.device))
            if before is not None and before[1].simulated and not unmark:
                descriptor = msgspec.structs.replace(descriptor, simulated=True)
            devices[organisation, descriptor.device] = (gateway, descriptor)

    def organisations(self) -> list[str]:
        """Return the organisations with anything but marks, in order."""
        with self._lock:
            contents = self._open_contents()
            sampled = {key.organisation for key, samples in contents.samples.items() if samples}
            return sorted(sampled | {owner for owner, _ in [*contents.devices, *contents.events]})

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of an organisation by id, or the one that is named."""
        with self._lock:
            contents = self._open_contents()
            which = SeriesFilter(organisation, device)
            keys = [key for key in contents.samples if matches(which, key)]
            described = {name for owner, name in contents.devices if owner == organisation and device in (None, name)}
            sampled = {key.device for key in keys if contents.samples[key]}
            return [
                _device_record(contents, organisation, name, [key for key in keys if key.device == name])
                for name in sorted(described | sampled)
            ]

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        with self._lock:
            return _select(self._open_contents(), which)

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        check_cancelled()
        with self._lock:
            contents = self._open_contents()
            newest = [_newest(contents, key) for key in _select(contents, which)]
            return [latest for latest in newest if latest is not None]

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        check_cancelled()
        with self._lock:
            contents = self._open_contents()
            found = []
            for key in _select(contents, which):
                rows = _window(contents.samples[key], start_ms, end_ms)
                if limit is not None:
                    rows = rows[max(len(rows) - limit, 0) :] if newest else rows[:limit]
                if rows:
                    found.append(
                        Samples(
                            key,
                            np.array([time_ms for time_ms, _ in rows], np.int64),
                            np.array([sample.value for _, sample in rows], np.float64),
                            np.array([sample.quality for _, sample in rows], np.uint8),
                        )
                    )
            return found

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates over [start_ms + k step, start_ms + (k + 1) step)."""
        check_cancelled()
        check_step(step_ms)
        with self._lock:
            contents = self._open_contents()
            found = []
            for key in _select(contents, which):
                groups: dict[int, list[float]] = {}
                for time_ms, sample in _window(contents.samples[key], start_ms, end_ms):
                    if sample.quality <= max_quality:
                        label_ms = start_ms + (time_ms - start_ms) // step_ms * step_ms
                        groups.setdefault(label_ms, []).append(sample.value)
                if groups:
                    found.append(_aggregate(key, groups))
            return found

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        check_cancelled()
        with self._lock:
            found = [
                (event.t, packed, event)
                for (owner, packed), event in self._open_contents().events.items()
                if owner == organisation and start_ms <= event.t < end_ms and device in (None, event.device)
            ]
        return [event for _, _, event in sorted(found, key=lambda row: row[:2])][:limit]

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        which = SeriesFilter(organisation, device)
        with self._lock:
            contents = self._open_contents()
            found = [
                Conflict(key, time_ms, contents.samples[key][time_ms].value, value, quality, seen_ms)
                for (key, time_ms, value), (quality, seen_ms) in contents.conflicts.items()
                if start_ms <= time_ms < end_ms and matches(which, key)
            ]
        return sorted(found, key=lambda conflict: (conflict.time_ms, order_of(conflict.key), conflict.value))[
            : max(limit, 0)
        ]

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples and events before `cut_ms`; return how many samples."""
        with self._lock:
            contents = self._open_contents()
            deleted = 0
            for key, samples in contents.samples.items():
                if key.organisation == organisation:
                    old = [time_ms for time_ms in samples if time_ms < cut_ms]
                    for time_ms in old:
                        del samples[time_ms]
                    deleted += len(old)
                    if contents.newest_ms.get(key, cut_ms) < cut_ms:
                        del contents.newest_ms[key]
            owned = {gateway for (owner, _), (gateway, _) in contents.devices.items() if owner == organisation}
            of_it = {source: state for source, state in contents.marks.items() if source[0] in owned}
            contents.marks.update(expire_books(of_it, cut_ms, cut_ms))
            contents.conflicts = {
                row: seen
                for row, seen in contents.conflicts.items()
                if row[0].organisation != organisation or row[1] >= cut_ms
            }
            contents.events = {
                key: event for key, event in contents.events.items() if key[0] != organisation or event.t >= cut_ms
            }
            return deleted

    def info(self) -> StoreInfo:
        """Return counts."""
        with self._lock:
            contents = self._open_contents()
            filled = [samples for samples in contents.samples.values() if samples]
            return StoreInfo(
                "memory",
                points=sum(len(samples) for samples in filled),
                series=len(filled),
                counters={"conflicts": len(contents.conflicts), "events": len(contents.events)},
            )

    def damage(self) -> list[FileDamage]:
        """Return nothing: nothing in memory is damaged."""
        return []

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Return nothing: nothing in memory is damaged."""
        del now_ms, by
        return []

    def close(self) -> None:
        """Discard everything."""
        with self._lock:
            self._contents = None

    def _open_contents(self) -> _Contents:
        if self._contents is None:
            raise RetryLater("The store is closed.")
        return self._contents


def _put_samples(contents: _Contents, batch: WriteBatch, seen_ms: int) -> WriteResult:
    points = batch.points
    accepted, conflicting = [False] * len(points), [False] * len(points)
    columns = (points.index.tolist(), points.time_ms.tolist(), points.value.tolist(), points.quality.tolist())
    rows_of: dict[int, dict[int, _Sample]] = {}
    newest_ms: dict[int, int] = {}
    for at, (index, time_ms, value, quality) in enumerate(zip(*columns, strict=True)):
        samples = rows_of.get(index)
        if samples is None:
            samples = rows_of[index] = contents.samples.setdefault(points.series[index], {})
        stored = samples.get(time_ms)
        if stored is None:
            samples[time_ms] = _Sample(value, quality)
            accepted[at] = True
            if newest_ms.get(index, time_ms) <= time_ms <= batch.latest_until_ms:
                newest_ms[index] = time_ms
        elif stored.value != value:
            contents.conflicts.setdefault((points.series[index], time_ms, value), (quality, seen_ms))
            conflicting[at] = True
    for index, time_ms in newest_ms.items():
        key = points.series[index]
        contents.newest_ms[key] = max(time_ms, contents.newest_ms.get(key, time_ms))
    dedup = DedupResult(np.array(accepted, np.bool_), np.array(conflicting, np.bool_))
    stored_count, conflict_count = accepted.count(True), conflicting.count(True)
    by_origin = count_origins(points, dedup, slice(0, len(points)))
    return WriteResult(stored_count, len(points) - stored_count - conflict_count, conflict_count, by_origin=by_origin)


def _device_record(contents: _Contents, organisation: str, device: str, keys: list[SeriesKey]) -> DeviceRecord:
    newest = [_newest(contents, key) for key in keys]
    last_seen_ms = max((latest.time_ms for latest in newest if latest is not None), default=None)
    described = contents.devices.get((organisation, device))
    if described is None:
        return device_of_series(organisation, [key for key in keys if contents.samples[key]], last_seen_ms)
    gateway, descriptor = described
    if any(key.simulated for key in keys):
        descriptor = msgspec.structs.replace(descriptor, simulated=True)
    return DeviceRecord(organisation, gateway, descriptor, last_seen_ms=last_seen_ms)


def _select(contents: _Contents, which: SeriesFilter) -> list[SeriesKey]:
    return sorted((key for key, samples in contents.samples.items() if samples and matches(which, key)), key=order_of)


def _newest(contents: _Contents, key: SeriesKey) -> Latest | None:
    time_ms = contents.newest_ms.get(key)
    if time_ms is None:
        return None
    sample = contents.samples[key][time_ms]
    return Latest(key, time_ms, sample.value, sample.quality)


def _window(samples: dict[int, _Sample], start_ms: int, end_ms: int) -> list[tuple[int, _Sample]]:
    times = sorted(time_ms for time_ms in samples if start_ms <= time_ms < end_ms)
    return [(time_ms, samples[time_ms]) for time_ms in times]


def _aggregate(key: SeriesKey, groups: dict[int, list[float]]) -> Buckets:
    columns = [
        (start, len(group), sum(group) / len(group), min(group), max(group), group[-1])
        for start, group in groups.items()
    ]
    start_ms, count, mean, low, high, last = zip(*columns, strict=True)
    return Buckets(
        key,
        np.array(start_ms, np.int64),
        np.array(count, np.int64),
        np.array(mean, np.float64),
        np.array(low, np.float64),
        np.array(high, np.float64),
        np.array(last, np.float64),
    )
