"""Copy of a whole store into another, of any engine, verified by counts and checksums.

A repeated copy continues: each series starts at the newest sample that the target has. Then both stores are read and
compared by series; a series that differs is copied again from its beginning. Writes are idempotent: a copy can be
killed at any time and repeated.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
import numpy as np

from headland.contract.records import Event
from headland.errors import HeadlandError, SettingsError
from headland.network.addresses import hide_secrets
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import (
    Conflict,
    Mark,
    Points,
    Samples,
    SeriesFilter,
    SeriesKey,
    Store,
    StoredEvent,
    WriteBatch,
)
from headland.store.record_book import is_content
from station.server.storage.stores import duckdb_path, is_file, open_store

_PAGE: Final = 50_000
_START_MS: Final = -(2**62)
_END_MS: Final = 2**62
_NO_POINTS: Final = Points((), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))


class Sum(NamedTuple):
    """Count of records, and a checksum in their order."""

    records: int
    checksum: str

    def __str__(self) -> str:
        """Return both for display."""
        return f"{self.records:>12,} {self.checksum}"


@dataclass(slots=True)
class CopyReport:
    """Result of a copy: sums by name on both sides, and counts of refused samples by series and reason."""

    source: dict[str, Sum] = field(default_factory=dict)
    target: dict[str, Sum] = field(default_factory=dict)
    refused: dict[str, Counter[str]] = field(default_factory=dict)
    samples: int = 0

    @property
    def different(self) -> list[str]:
        """Return the names of the parts that differ."""
        return [name for name, expected in self.source.items() if self.target.get(name) != expected]


def run_copy(source: str, target: str, report_line: Callable[[str], None]) -> None:
    """Copy a store to another, by their URLs, and report the result.

    Raises HeadlandError where the stores differ afterwards.
    """
    if source == target:
        raise SettingsError("Source and target are the same store: name another target.")
    with closing(_open_source(source)) as reading, closing(open_store(target)) as writing:
        if isinstance(reading, DuckDBStore) and reading.retention().raw_days is not None:
            report_line("Rollups of deleted samples are not copied: no other engine stores them.")
        report = copy_store(reading, writing, report_line)
    report_line(f"{report.samples:,} samples of {len(report.refused):,} series in {hide_secrets(source)}")
    for name in report.different:
        for reason, count in report.refused.get(name, Counter()).items():
            report_line(f"{name}: {count:,} samples were refused: {reason}")
    if report.different:
        raise HeadlandError(f"{len(report.different)} parts differ in {hide_secrets(target)}, see above.")
    report_line(f"The copy in {hide_secrets(target)} is complete: counts and checksums are equal.")


def _open_source(url: str) -> Store:
    """Open the source: a missing or damaged file is an error, and no new one is created."""
    if not is_file(url):
        return open_store(url)
    path = duckdb_path(url)
    if not path.exists():
        raise SettingsError(f"No store at {path}.")
    return DuckDBStore(path)


def copy_store(source: Store, target: Store, report_line: Callable[[str], None]) -> CopyReport:
    """Copy points with their flags, events, devices, conflicts and marks; report a line for each part."""
    report = CopyReport()
    for organisation in source.organisations():
        _copy_devices(source, target, organisation)
        for key in source.series(SeriesFilter(organisation)):
            _copy_series(source, target, key, report)
            _report_part(report, _name(key), report_line)
        _copy_events(source, target, organisation)
        _copy_conflicts(source, target, organisation)
        for kind, add_up in (("devices", _sum_devices), ("events", _sum_events), ("conflicts", _sum_conflicts)):
            name = f"{kind} of {organisation}"
            report.source[name], report.target[name] = add_up(source, organisation), add_up(target, organisation)
            _report_part(report, name, report_line)
    # Marks last: without them gateways send newer records again.
    _copy_marks(source, target)
    report.source["marks"], report.target["marks"] = _sum_marks(source), _sum_marks(target)
    _report_part(report, "marks", report_line)
    return report


def _copy_series(source: Store, target: Store, key: SeriesKey, report: CopyReport) -> None:
    name = _name(key)
    report.source[name] = _sum_series(source, key)
    report.samples += report.source[name].records
    newest = next((latest.time_ms for latest in target.last(_filter(key)) if latest.key == key), _START_MS)
    for start_ms in (newest, _START_MS):
        report.refused[name] = _send_series(source, target, key, start_ms)
        report.target[name] = _sum_series(target, key)
        if report.target[name] == report.source[name]:
            return


def _send_series(source: Store, target: Store, key: SeriesKey, start_ms: int) -> Counter[str]:
    """Copy the samples from `start_ms` on; return the counts of refused samples by reason."""
    latest_ms = next((latest.time_ms for latest in source.last(_filter(key)) if latest.key == key), _START_MS)
    refused: Counter[str] = Counter()
    for samples in _pages(source, key, start_ms):
        count = len(samples.time_ms)
        points = Points([key], np.zeros(count, np.int32), samples.time_ms, samples.value, samples.quality)
        result = target.write(WriteBatch(points, latest_until_ms=latest_ms))
        refused.update(rejection.reason for rejection in result.rejections)
    return refused


def _pages(store: Store, key: SeriesKey, start_ms: int) -> Iterator[Samples]:
    """Yield the samples of a series from `start_ms` on, in time order."""
    while True:
        page = store.raw(_filter(key), start_ms, _END_MS, _PAGE)
        samples = next((samples for samples in page if samples.key == key), None)
        if samples is None:
            return
        yield samples
        if len(samples.time_ms) < _PAGE:
            return
        start_ms = int(samples.time_ms[-1]) + 1


def _copy_devices(source: Store, target: Store, organisation: str) -> None:
    for record in source.devices(organisation):
        # A device without a gateway has no description: its samples suffice.
        if record.gateway:
            target.describe(organisation, record.gateway, record.descriptor)


def _copy_events(source: Store, target: Store, organisation: str) -> None:
    for events in _event_pages(source, organisation):
        target.write(WriteBatch(_NO_POINTS, [StoredEvent(organisation, event) for event in events]))


def _event_pages(store: Store, organisation: str) -> Iterator[list[Event]]:
    """Yield all events in time order; events of one instant are in the same page."""
    start_ms, limit = _START_MS, _PAGE
    while True:
        events = store.events(organisation, start_ms, _END_MS, limit=limit)
        if len(events) < limit:
            yield events
            return
        whole = [event for event in events if event.t < events[-1].t]
        if whole:
            yield whole
            start_ms, limit = events[-1].t, _PAGE
        else:
            limit *= 2


def _copy_conflicts(source: Store, target: Store, organisation: str) -> None:
    """Write each conflicting sample with the time at which the source received it."""
    by_time = sorted(_conflicts(source, organisation), key=lambda conflict: conflict.seen_ms)
    for seen_ms, group in groupby(by_time, key=lambda conflict: conflict.seen_ms):
        conflicts = list(group)
        keys = list(dict.fromkeys(conflict.key for conflict in conflicts))
        points = Points(
            keys,
            np.array([keys.index(conflict.key) for conflict in conflicts], np.int32),
            np.array([conflict.time_ms for conflict in conflicts], np.int64),
            np.array([conflict.value for conflict in conflicts], np.float64),
            np.array([conflict.quality for conflict in conflicts], np.uint8),
        )
        target.write(WriteBatch(points, seen_ms=seen_ms, latest_until_ms=_START_MS))


def _conflicts(store: Store, organisation: str) -> list[Conflict]:
    return store.conflicts(organisation, _START_MS, _END_MS, limit=2**31 - 1)


def _copy_marks(source: Store, target: Store) -> None:
    marks: list[Mark] = []
    filled: list[Mark] = []
    for (gateway, epoch), state in source.marks().items():
        for entry, counts in state.book.entries.items():
            # A content ends what was written before of a record without one.
            of_it = filled if is_content(entry) else marks
            of_it += (Mark(gateway, epoch, first, last, entry) for first, last in counts.ranges)
        marks += (Mark(gateway, epoch, first, last) for first, last in state.accounted)
    target.write(WriteBatch(_NO_POINTS, marks=marks, filled=filled))


def _sum_series(store: Store, key: SeriesKey) -> Sum:
    """Sum times, values (as bits, without the sign of zero) and flags in time order."""
    digests = [hashlib.blake2b(digest_size=8) for _ in range(3)]
    count = 0
    for samples in _pages(store, key, _START_MS):
        count += len(samples.time_ms)
        columns = (samples.time_ms.astype("<i8"), (samples.value + 0.0).astype("<f8"), samples.quality.astype("u1"))
        for digest, column in zip(digests, columns, strict=True):
            digest.update(column.tobytes())
    whole = hashlib.blake2b(b"".join(digest.digest() for digest in digests), digest_size=8)
    return Sum(count, whole.hexdigest())


def _sum_devices(store: Store, organisation: str) -> Sum:
    rows = [(record.gateway, msgspec.json.encode(record.descriptor)) for record in store.devices(organisation)]
    return _sum_rows([f"{gateway} {descriptor.decode()}" for gateway, descriptor in rows])


def _sum_events(store: Store, organisation: str) -> Sum:
    pages = _event_pages(store, organisation)
    return _sum_rows([msgspec.json.encode(event, order="deterministic").decode() for page in pages for event in page])


def _sum_conflicts(store: Store, organisation: str) -> Sum:
    rows = [
        f"{_name(conflict.key)} {conflict.time_ms} {float(conflict.stored)!r} {float(conflict.value)!r} "
        f"{conflict.quality} {conflict.seen_ms}"
        for conflict in _conflicts(store, organisation)
    ]
    return _sum_rows(rows)


def _sum_marks(store: Store) -> Sum:
    marks = store.marks().items()
    return _sum_rows([f"{source} {state} {sorted(state.book.entries.items())}" for source, state in marks])


def _sum_rows(rows: Sequence[str]) -> Sum:
    digest = hashlib.blake2b(digest_size=8)
    for row in sorted(rows):
        digest.update(row.encode() + b"\n")
    return Sum(len(rows), digest.hexdigest())


def _report_part(report: CopyReport, name: str, report_line: Callable[[str], None]) -> None:
    expected, actual = report.source[name], report.target[name]
    report_line(f"{name:<70} {expected}" + ("" if expected == actual else f"  DIFFERENT: the target has {actual}"))


def _filter(key: SeriesKey) -> SeriesFilter:
    return SeriesFilter(key.organisation, key.device, frozenset({key.channel}), key.kind)


def _name(key: SeriesKey) -> str:
    words = f"{key.organisation}/{key.site}/{key.kind}/{key.device}/{key.channel}"
    return f"{words} (simulated)" if key.simulated else words
