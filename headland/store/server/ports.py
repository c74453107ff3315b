"""The two halves of a store on a database server, combined by `ServerStore`: samples, and all metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater
from headland.files.damage_notes import FileDamage
from headland.store.core.batch_rows import Rows
from headland.store.core.dedup import Positions
from headland.store.port import (
    Buckets,
    Index,
    Latest,
    MarkState,
    Samples,
    SeriesKey,
    StoredEvent,
    Times,
    Values,
)

#: Reasons of rejected samples, by position.
RejectionReasons = dict[int, str]
Instant = tuple[SeriesKey, int]


Source = tuple[str, str]
#: By source, how many of its records are accounted for.
SourceNumbers = Mapping[Source, int]


class WrittenNumber(NamedTuple):
    """A number beside the samples, and when it was written."""

    number: int
    time_ms: int


class LoginRefused(RetryLater):
    """The server refuses the login: at the start a wrong setting, later a reason to try again."""


class Extent(NamedTuple):
    """A series with samples: the newest one, and their number, 0 where they were not counted."""

    latest: Latest
    points: int


class NewConflict(NamedTuple):
    """A value that contradicts the stored one."""

    key: SeriesKey
    time_ms: int
    value: float
    quality: int
    seen_ms: int


@dataclass(slots=True)
class MetadataSnapshot:
    """Metadata except for the conflicts and events themselves; `never_latest` by series."""

    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)
    never_latest: dict[SeriesKey, list[int]] = field(default_factory=dict)
    events: int = 0
    conflicts: int = 0


class SampleServer(Protocol):
    """Server of the samples. `now_ms` tells the time by which samples are too old for it."""

    now_ms: Callable[[], int]

    def open(self) -> None:
        """Connect to the server and prepare it. Raises RetryLater while it is away."""
        ...

    def extents(self, since_ms: int | None = None) -> list[Extent]:
        """Return every series with samples; with `since_ms` those with any since then, uncounted, which is quick."""
        ...

    def rejection_reason(self, key: SeriesKey) -> str | None:
        """Return why a series can never be stored here, or None."""
        ...

    def limits_ms(self) -> tuple[int, int]:
        """Return the first and last instants that can be stored now."""
        ...

    def put(self, keys: Sequence[SeriesKey], rows: Rows, numbers: SourceNumbers) -> RejectionReasons:
        """Store samples durably, and beside them how many records of each source are accounted for with them.

        Returns the positions and reasons of those that the server will never accept.
        """
        ...

    def numbers(self, source: Source | None = None, since_ms: int | None = None) -> SourceNumbers | None:
        """Return the highest number of each source, or of one since an instant; None where the metadata is here, too.

        A number below the one that the metadata has says that the server lost samples.
        """
        ...

    def look_up(self, keys: Sequence[SeriesKey], sid: Index, time_ms: Times) -> tuple[Positions, Values]:
        """Return which of these samples are stored, and the stored values."""
        ...

    def newest(self, key: SeriesKey, count: int) -> Samples | None:
        """Return the newest samples of a series in time order, at most `count`."""
        ...

    def raw(self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, limit: int | None) -> list[Samples]:
        """Return the samples of each series that has any in [start_ms, end_ms), in any order of series."""
        ...

    def newest_of(self, latest_ms: Mapping[SeriesKey, int], start_ms: int, end_ms: int, limit: int) -> list[Samples]:
        """Return the newest `limit` samples of each series that has any in [start_ms, end_ms), in any order of series.

        `latest_ms` names the series, each with about the time of its newest sample.
        """
        ...

    def buckets(
        self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> list[Buckets]:
        """Return the buckets of each series that has any, in any order of series."""
        ...

    def delete_before(self, keys: Sequence[SeriesKey], cut_ms: int) -> int:
        """Delete the samples of series before `cut_ms`; return how many."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class MetadataServer(Protocol):
    """Server of marks, devices, events and conflicts."""

    def open(self) -> None:
        """Connect and prepare. Raises RetryLater while the server is away."""
        ...

    def load(self) -> MetadataSnapshot:
        """Return all metadata."""
        ...

    def add_never_latest(self, instants: Sequence[Instant]) -> None:
        """Store that these samples may never be a series' latest."""
        ...

    def add_conflicts(self, conflicts: Sequence[NewConflict]) -> int:
        """Add the new ones; return how many they were."""
        ...

    def add_events(self, events: Sequence[StoredEvent]) -> int:
        """Add the new ones; return how many they were."""
        ...

    def put_marks(self, marks: Mapping[Source, MarkState], numbers: SourceNumbers) -> None:
        """Replace the states of some sources, and their numbers as they are beside the samples."""
        ...

    def written(self) -> Mapping[Source, WrittenNumber]:
        """Return the numbers that are beside the samples, as another process may have written them."""
        ...

    def add_damage(self, damage: FileDamage) -> None:
        """Note a loss of the server."""
        ...

    def damage(self) -> list[FileDamage]:
        """Return the losses of the server, oldest first."""
        ...

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all losses; return those that were not acknowledged before."""
        ...

    def put_device(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Replace a device's descriptor."""
        ...

    def events(self, organisation: str, start_ms: int, end_ms: int, device: str | None, limit: int) -> list[Event]:
        """Return events in [start_ms, end_ms) by time and content, at most `limit`."""
        ...

    def conflicts(self, organisation: str, start_ms: int, end_ms: int, device: str | None) -> list[NewConflict]:
        """Return conflicts in [start_ms, end_ms)."""
        ...

    def event_organisations(self) -> set[str]:
        """Return the organisations with events."""
        ...

    def delete_before(self, organisation: str, cut_ms: int) -> None:
        """Delete an organisation's events, conflicts and never-latest marks before `cut_ms`."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
