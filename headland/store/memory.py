"""The reference engine: everything in dictionaries, obviously right rather than fast; for tests and try-outs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import msgspec
import numpy as np

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater
from headland.store.core.selection import check_points, check_step, device_of_series, matches, order_of, pack_event
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    Mark,
    MarkState,
    Samples,
    SeriesFilter,
    SeriesKey,
    StoreInfo,
    WriteBatch,
    WriteResult,
)


@dataclass(frozen=True, slots=True)
class _Sample:
    value: float
    quality: int
    may_be_latest: bool


@dataclass(slots=True)
class _Shelf:
    """Everything stored."""

    samples: dict[SeriesKey, dict[int, _Sample]] = field(default_factory=dict)
    conflicts: dict[tuple[SeriesKey, int, float], tuple[int, int]] = field(default_factory=dict)
    events: dict[tuple[str, bytes], Event] = field(default_factory=dict)
    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)


class MemoryStore:
    """A `Store` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repository: _Shelf | None = _Shelf()

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch and its marks."""
        check_points(batch.points)
        packed = [(stored.organisation, pack_event(stored.event)) for stored in batch.events]
        with self._lock:
            repository = self._open_shelf()
            result = _put_samples(repository, batch)
            for key, stored in zip(packed, batch.events, strict=True):
                repository.events.setdefault(key, stored.event)
            for mark in batch.marks:
                _put_mark(repository, mark)
            return result

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return what is accounted for by (gateway, epoch)."""
        with self._lock:
            return dict(self._open_shelf().marks)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Keep a device's descriptor; `simulated` once true stays true."""
        with self._lock:
            devices = self._open_shelf().devices
            before = devices.get((organisation, descriptor.device))
            if before is not None and before[1].simulated:
                descriptor = msgspec.structs.replace(descriptor, simulated=True)
            devices[organisation, descriptor.device] = (gateway, descriptor)

    def organisations(self) -> list[str]:
        """Return the organisations of which anything but marks is held, in order."""
        with self._lock:
            repository = self._open_shelf()
            sampled = {key.organisation for key, samples in repository.samples.items() if samples}
            return sorted(sampled | {owner for owner, _ in [*repository.devices, *repository.events]})

    def devices(self, organisation: str) -> list[DeviceRecord]:
        """Return the devices of an organisation by id."""
        with self._lock:
            repository = self._open_shelf()
            keys = [key for key in repository.samples if key.organisation == organisation]
            described = {device for owner, device in repository.devices if owner == organisation}
            sampled = {key.device for key in keys if repository.samples[key]}
            return [
                _device_record(repository, organisation, device, [key for key in keys if key.device == device])
                for device in sorted(described | sampled)
            ]

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        with self._lock:
            return _select(self._open_shelf(), which)

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        with self._lock:
            repository = self._open_shelf()
            newest = [_newest(key, repository.samples[key]) for key in _select(repository, which)]
            return [latest for latest in newest if latest is not None]

    def raw(self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        with self._lock:
            repository = self._open_shelf()
            found = []
            for key in _select(repository, which):
                rows = _window(repository.samples[key], start_ms, end_ms)[:limit]
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
        check_step(step_ms)
        with self._lock:
            repository = self._open_shelf()
            found = []
            for key in _select(repository, which):
                groups: dict[int, list[float]] = {}
                for time_ms, sample in _window(repository.samples[key], start_ms, end_ms):
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
        with self._lock:
            found = [
                (event.t, packed, event)
                for (owner, packed), event in self._open_shelf().events.items()
                if owner == organisation and start_ms <= event.t < end_ms and device in (None, event.device)
            ]
        return [event for _, _, event in sorted(found, key=lambda row: row[:2])][:limit]

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        which = SeriesFilter(organisation, device)
        with self._lock:
            repository = self._open_shelf()
            found = [
                Conflict(key, time_ms, repository.samples[key][time_ms].value, value, quality, seen_ms)
                for (key, time_ms, value), (quality, seen_ms) in repository.conflicts.items()
                if start_ms <= time_ms < end_ms and matches(which, key)
            ]
        return sorted(found, key=lambda one: (one.time_ms, order_of(one.key), one.value))[: max(limit, 0)]

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples and events before `cut_ms`; return how many samples."""
        with self._lock:
            repository = self._open_shelf()
            deleted = 0
            for key, samples in repository.samples.items():
                if key.organisation == organisation:
                    old = [time_ms for time_ms in samples if time_ms < cut_ms]
                    for time_ms in old:
                        del samples[time_ms]
                    deleted += len(old)
            repository.conflicts = {
                row: seen
                for row, seen in repository.conflicts.items()
                if row[0].organisation != organisation or row[1] >= cut_ms
            }
            repository.events = {
                key: event for key, event in repository.events.items() if key[0] != organisation or event.t >= cut_ms
            }
            return deleted

    def info(self) -> StoreInfo:
        """Return counts."""
        with self._lock:
            repository = self._open_shelf()
            filled = [samples for samples in repository.samples.values() if samples]
            return StoreInfo(
                "memory",
                points=sum(len(samples) for samples in filled),
                series=len(filled),
                counters={"conflicts": len(repository.conflicts), "events": len(repository.events)},
            )

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._repository = None

    def _open_shelf(self) -> _Shelf:
        if self._repository is None:
            raise RetryLater("The store is closed.")
        return self._repository


def _put_samples(repository: _Shelf, batch: WriteBatch) -> WriteResult:
    points = batch.points
    seen_ms = wall_clock_ms() if batch.seen_ms is None else batch.seen_ms
    accepted = duplicate = conflicting = 0
    columns = (points.index.tolist(), points.time_ms.tolist(), points.value.tolist(), points.quality.tolist())
    for index, time_ms, value, quality in zip(*columns, strict=True):
        key = points.series[index]
        samples = repository.samples.setdefault(key, {})
        stored = samples.get(time_ms)
        if stored is None:
            samples[time_ms] = _Sample(value, quality, time_ms <= batch.latest_until_ms)
            accepted += 1
        elif stored.value == value:
            duplicate += 1
        else:
            repository.conflicts.setdefault((key, time_ms, value), (quality, seen_ms))
            conflicting += 1
    return WriteResult(accepted, duplicate, conflicting)


def _put_mark(repository: _Shelf, mark: Mark) -> None:
    source = (mark.gateway, mark.epoch)
    repository.marks[source] = repository.marks.get(source, MarkState()).add(mark)


def _device_record(repository: _Shelf, organisation: str, device: str, keys: list[SeriesKey]) -> DeviceRecord:
    newest = [_newest(key, repository.samples[key]) for key in keys]
    last_seen_ms = max((latest.time_ms for latest in newest if latest is not None), default=None)
    described = repository.devices.get((organisation, device))
    if described is None:
        return device_of_series(organisation, [key for key in keys if repository.samples[key]], last_seen_ms)
    gateway, descriptor = described
    if any(key.simulated for key in keys):
        descriptor = msgspec.structs.replace(descriptor, simulated=True)
    return DeviceRecord(organisation, gateway, descriptor, last_seen_ms=last_seen_ms)


def _select(repository: _Shelf, which: SeriesFilter) -> list[SeriesKey]:
    return sorted((key for key, samples in repository.samples.items() if samples and matches(which, key)), key=order_of)


def _newest(key: SeriesKey, samples: dict[int, _Sample]) -> Latest | None:
    time_ms = max((time_ms for time_ms, sample in samples.items() if sample.may_be_latest), default=None)
    if time_ms is None:
        return None
    return Latest(key, time_ms, samples[time_ms].value, samples[time_ms].quality)


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
