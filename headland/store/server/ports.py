"""The two halves of a store on a database server, as `ServerStore` puts them together: samples, and all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater
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

#: By position: why a sample will never be taken.
Refusals = dict[int, str]
Instant = tuple[SeriesKey, int]


class LoginRefused(RetryLater):
    """The server knows the user or the token, and says no: at the start a mistake, later something to wait for."""


class Extent(NamedTuple):
    """A series that holds samples: the newest of them, and how many there are, 0 where nobody counted."""

    latest: Latest
    points: int


class NewConflict(NamedTuple):
    """A value that was not taken."""

    key: SeriesKey
    time_ms: int
    value: float
    quality: int
    seen_ms: int


@dataclass(slots=True)
class LedgerPicture:
    """What a ledger holds besides the conflicts and events themselves; `never_latest` by series."""

    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)
    never_latest: dict[SeriesKey, list[int]] = field(default_factory=dict)
    events: int = 0
    conflicts: int = 0


class SampleServer(Protocol):
    """Where the samples themselves are."""

    def open(self) -> None:
        """Reach the server and prepare it. Raises RetryLater while it is away."""
        ...

    def extents(self, since_ms: int | None = None) -> list[Extent]:
        """Return every series that holds samples; with `since_ms` those that hold any since then, uncounted: quick."""
        ...

    def why_unfit(self, key: SeriesKey) -> str | None:
        """Return why a series can never be stored here, or None."""
        ...

    def limits_ms(self) -> tuple[int, int]:
        """Return the first and last instants that can be stored now."""
        ...

    def put(self, keys: Sequence[SeriesKey], rows: Rows) -> Refusals:
        """Store samples durably; return the positions of those that the server will never take, and why."""
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

    def buckets(
        self, keys: Sequence[SeriesKey], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> list[Buckets]:
        """Return the buckets of each series that has any, in any order of series."""
        ...

    def delete_before(self, keys: Sequence[SeriesKey], cut_ms: int) -> int:
        """Delete the samples of series before `cut_ms`; return how many."""
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...


class Ledger(Protocol):
    """Where everything is that is no sample."""

    def open(self) -> None:
        """Reach what holds it and prepare that. Raises RetryLater while it is away."""
        ...

    def load(self) -> LedgerPicture:
        """Return what is held."""
        ...

    def add_never_latest(self, instants: Sequence[Instant]) -> None:
        """Keep that these samples may never be a series' latest."""
        ...

    def add_conflicts(self, conflicts: Sequence[NewConflict]) -> int:
        """Keep those not kept yet; return how many these were."""
        ...

    def add_events(self, events: Sequence[StoredEvent]) -> int:
        """Keep those not kept yet; return how many these were."""
        ...

    def put_marks(self, marks: Mapping[tuple[str, str], MarkState]) -> None:
        """Replace the states of some sources."""
        ...

    def put_device(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Replace what is held of a device."""
        ...

    def events(self, organisation: str, start_ms: int, end_ms: int, device: str | None, limit: int) -> list[Event]:
        """Return events in [start_ms, end_ms) by time and content, at most `limit`."""
        ...

    def conflicts(self, organisation: str, start_ms: int, end_ms: int, device: str | None) -> list[NewConflict]:
        """Return conflicts in [start_ms, end_ms)."""
        ...

    def event_organisations(self) -> set[str]:
        """Return the organisations that have events."""
        ...

    def delete_before(self, organisation: str, cut_ms: int) -> None:
        """Delete an organisation's events, conflicts and the like before `cut_ms`."""
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...
