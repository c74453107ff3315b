"""Time-series port: the behaviour of every engine, on which callers may rely.

- **Blocking.** All calls block and may be made from any thread; a coroutine calls them in a worker thread. Writes of
  several threads may share a transaction. A write returns once a crash loses nothing of it, however long that takes.
- **Reads** include every write that has returned, and never data of another organisation. The embedded engine shows
  whole batches only; an engine on a server may show a part of a batch while its write has not returned.
- **Emptiness.** A read without results returns an empty answer, never an exception; a series, a bucket or a device
  without samples is left out, never filled in. A window that ends before it starts holds nothing.
- **Ends.** Windows are half-open `[start_ms, end_ms)`, may begin before 1970, and may be as wide as 64 bits allow.
- **Repeats.** (series, time) is stored once, with the first value; see `WriteResult`. Events are stored once by all
  their fields, marks add up. Sending anything again, in any order, changes nothing.
- **Order.** Series by organisation, site, kind, device, channel and real before simulated; samples and buckets by time.
- **Failure.** An engine that is not available raises `RetryLater` and has stored nothing; a damaged file raises
  `DataDamaged`; columns that violate the contract are the caller's mistake and raise `ValueError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headland.contract.quantities import unit_of_channel
from headland.contract.records import Clock, Descriptor, Event
from headland.files.damage_notes import FileDamage
from headland.store.number_sets import Ranges, merge
from headland.store.record_book import RecordBook

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Flags = NDArray[np.uint8]
Index = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Identity of a series: organisation, site, device and channel; simulated series never mix with real ones."""

    organisation: str
    site: str
    kind: str
    device: str
    channel: str
    simulated: bool = False

    @property
    def unit(self) -> str | None:
        """Unit of the channel's values: from the table of quantities, else from the end of its name, else None."""
        return unit_of_channel(self.channel)


@dataclass(frozen=True, slots=True)
class Points:
    """Samples as columns of equal length n; `series[index[i]]` is the series of sample i.

    Engines are fastest where the samples of a series are adjacent and in time order.
    `value` is finite. `origin` is a number of the caller's choice for each sample, by which `WriteResult.by_origin`
    counts what was not a duplicate; None where nobody asks. `own_quality` are the flags without the judgement of the
    samples' times, where that made any worse.
    """

    series: Sequence[SeriesKey]
    index: Index
    time_ms: Times
    value: Values
    quality: Flags
    origin: Index | None = None
    own_quality: Flags | None = None

    def __len__(self) -> int:
        return len(self.time_ms)

    def choose(self, mask: NDArray[np.bool_]) -> Points:
        """Return the samples that a mask selects."""
        origin = None if self.origin is None else self.origin[mask]
        time_ms = np.asarray(self.time_ms, np.int64)[mask]
        own = None if self.own_quality is None else self.own_quality[mask]
        return Points(self.series, self.index[mask], time_ms, self.value[mask], self.quality[mask], origin, own)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its organisation."""

    organisation: str
    event: Event


@dataclass(frozen=True, slots=True)
class Mark:
    """Statement that the records `first`..`last` of a gateway's spool epoch are accounted for.

    `entry` is what the book notes of those that are new: see `headland/store/record_book.py`; None notes nothing.
    `origin` is that of their samples, where the records have nothing else: an engine that refuses all of these notes
    that instead.
    """

    gateway: str
    epoch: str
    first: int
    last: int
    entry: int | None = field(default=None, compare=False)
    origin: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class MarkState:
    """Records of an epoch that are accounted for: 1..`high_water`, and the separate ranges in `ahead`.

    `ahead` holds (first, last) in order, touching neither one another nor the high-water mark: records that arrived
    before their predecessors, as after a broker lost messages that it had acknowledged. `book` is what became of them.
    """

    high_water: int = 0
    ahead: tuple[tuple[int, int], ...] = ()
    book: RecordBook = field(default=RecordBook(), compare=False, repr=False)

    @property
    def accounted(self) -> Ranges:
        """The records that are accounted for."""
        return merge([(1, self.high_water), *self.ahead])

    def covers(self, mark: Mark) -> bool:
        """Return whether every record of `mark` is accounted for."""
        first = max(mark.first, self.high_water + 1)
        return first > mark.last or any(low <= first and mark.last <= high for low, high in self.ahead)

    def add(self, mark: Mark) -> MarkState:
        """Return the state with the records of `mark` added."""
        if not self.ahead and mark.first <= self.high_water + 1:
            return self if mark.last <= self.high_water else MarkState(mark.last, (), self.book)
        merged: list[tuple[int, int]] = []
        for low, high in sorted([(1, self.high_water), *self.ahead, (mark.first, mark.last)]):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return MarkState(merged[0][1], tuple(merged[1:]), self.book)


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """One transaction: samples, events and the marks of the records that held them.

    `filled` are records that were accounted for before without a content, and whose content is in this batch: they
    change the book alone.
    `latest_until_ms`: later samples (of a clock that is ahead) are stored but never become the latest. `seen_ms`: time
    at which the batch came, with which conflicts and such samples are recorded; None is now.
    """

    points: Points
    events: Sequence[StoredEvent] = ()
    marks: Sequence[Mark] = ()
    latest_until_ms: int = 2**62
    seen_ms: int | None = None
    filled: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sample that an engine can never store: outside its range of time, or of a name that it cannot hold."""

    key: SeriesKey
    time_ms: int
    value: float
    quality: int
    reason: str


@dataclass(frozen=True, slots=True)
class OriginCounts:
    """Counts of the samples of one origin."""

    accepted: int
    conflicting: int


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Result of a write: every sample is in exactly one of the four counts.

    A duplicate has the series, time and value of a stored sample. A conflict has another value: the stored one remains,
    the other goes to the conflict record. A rejected sample can never be stored by this engine; `rejections` lists
    each. Everything else of the batch is stored. `by_origin` has the counts of each origin in the batch; it is empty
    where every sample was accepted, or the batch has no origins. `refused` are the marks of records of which every
    sample was rejected.
    """

    accepted: int
    duplicate: int = 0
    conflicting: int = 0
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()
    by_origin: Mapping[int, OriginCounts] = field(default_factory=dict, compare=False, repr=False)
    refused: tuple[Mark, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest sample of a series."""

    key: SeriesKey
    time_ms: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one series in time order."""

    key: SeriesKey
    time_ms: Times
    value: Values
    quality: Flags


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one series that hold at least one sample, in time order; `start_ms` labels them.

    `mean` weighs every sample the same; `last` is the value of the newest sample.
    """

    key: SeriesKey
    start_ms: Times
    count: NDArray[np.int64]
    mean: Values
    low: Values
    high: Values
    last: Values

    def coverage(self, step_ms: int, end_ms: int, interval_ms: float) -> Values:
        """Return each bucket's share, 0..1, of the samples that one every `interval_ms` would give.

        `step_ms` and `end_ms` are those of the request: the last bucket may be shorter. A bucket that is left out
        covers nothing. Samples closer together than expected hide a gap in the same bucket.
        """
        length_ms = np.minimum(step_ms, end_ms - self.start_ms)
        return np.minimum(1.0, self.count * interval_ms / length_ms)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that contradicts the one already stored for its series and instant; `stored` remains."""

    key: SeriesKey
    time_ms: int
    stored: float
    value: float
    quality: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class SeriesFilter:
    """Filter of series: a series matches every given field. `organisation` is never left out."""

    organisation: str
    device: str | None = None
    channels: frozenset[str] | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device: its descriptor, the gateway that sent it, and the time of the newest sample.

    A device with samples but without a descriptor has one made of its series key.
    """

    organisation: str
    gateway: str
    descriptor: Descriptor
    last_seen_ms: int | None = None

    @property
    def clock(self) -> Clock | None:
        """Clock of the device's newest samples."""
        return self.descriptor.clock


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """Counts for /metrics and `headland store info`.

    `samples_since_ms`: earlier samples were deleted; `buckets` answers from their rollups. `damage`: sentences about
    damage of the store's files that nobody has acknowledged. `losses`: all damage, acknowledged or not, by which stored
    data may be missing or wrong, oldest first.
    """

    engine: str
    points: int
    series: int
    size_bytes: int | None = None
    counters: dict[str, int] = field(default_factory=dict)
    samples_since_ms: int | None = None
    damage: tuple[str, ...] = ()
    losses: tuple[FileDamage, ...] = ()


class Store(Protocol):
    """A time-series engine."""

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch and its marks in one transaction; after it returns, a crash loses nothing of it.

        Idempotent: (series, time) is stored once, whatever the marks say. Events are idempotent by all their fields.
        Raises RetryLater with nothing stored.
        """
        ...

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the accounted records by (gateway, epoch)."""
        ...

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor; the newest replaces the last, but `simulated` once true remains true.

        With `unmark`, the word of an administrator, the mark is that of the descriptor. A series of simulated samples
        remains one, and a device that has any is simulated.
        """
        ...

    def organisations(self) -> list[str]:
        """Return the organisations with anything but marks, in order: for maintenance."""
        ...

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of an organisation by id; with `device` that one alone, none where there is no such."""
        ...

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key; `SeriesKey.unit` is the unit of each."""
        ...

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        ...

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key; at most `limit` of each.

        They are the first ones, or with `newest` the last ones, in time order all the same.
        """
        ...

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates of samples whose flag is <= `max_quality`, by series key.

        Bucket k covers [start_ms + k step, start_ms + (k + 1) step): the window's start is the offset, independent of
        the calendar and of multiples of the step. The last bucket is cut at `end_ms`.

        Where an engine has deleted samples and kept their rollups, it returns the buckets whose bounds are bounds of a
        rollup that it still has, and leaves out the others: it never spreads a rollup over two buckets.
        Raises ValueError for a step below 1 ms.
        """
        ...

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        ...

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        ...

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete an organisation's samples, conflicts and events before `cut_ms`; return how many samples.

        The sample at the cut itself, marks, descriptors, and everything of other organisations remain. A series without
        samples is no longer listed; deleted samples may be written again and are new then.
        """
        ...

    def info(self) -> StoreInfo:
        """Return counts; cheap enough for a call every few seconds."""
        ...

    def damage(self) -> list[FileDamage]:
        """Return all damage and losses of the store, acknowledged or not, oldest first."""
        ...

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all damage and losses of the store; return those that were not acknowledged before."""
        ...

    def close(self) -> None:
        """Finish the writes in progress and close the file; a second call does nothing."""
        ...
