"""What a full spool drops in the end: pure. Each run of the oldest telemetry becomes one gap that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.spool.schema import EVENTS, EVENTS_THINNED, GAP, URGENT
from headland.contract.records import Clock, Event

#: What a record costs on disk beside its payload (measured: 1.34 KB for a row of 1 KB).
ROW_BYTES: Final = 340
#: What a gap's message comes to at most, deflated.
_GAP_BYTES: Final = 300 + ROW_BYTES


@dataclass(frozen=True, slots=True)
class SpoolOwner:
    """Who fills a spool: stamped into its messages and its own events. `clock` is the gateway's."""

    gateway: str
    site: str
    clock: Clock = Clock.RTC


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the spool without its payload."""

    seq: int
    first: int
    kind: int
    points: int
    oldest_ms: int
    newest_ms: int
    bytes: int


@dataclass(slots=True)
class Gap:
    """A run of records without a break that one record is to stand for.

    `rows` of the spool with `bytes` (as on disk) vanish for it; `records` and `points` of those are dropped now,
    beside `points_before` that an older gap in it already stood for.
    """

    first: int
    seq: int
    oldest_ms: int
    newest_ms: int
    rows: int = 0
    bytes: int = 0
    records: int = 0
    points: int = 0
    points_before: int = 0

    def take(self, row: Row) -> None:
        """Make the gap reach over the next row as well."""
        self.seq = row.seq
        self.oldest_ms = min(self.oldest_ms, row.oldest_ms)
        self.newest_ms = max(self.newest_ms, row.newest_ms)
        self.rows += 1
        self.bytes += row.bytes + ROW_BYTES
        if row.kind == GAP:
            self.points_before += row.points
        else:
            self.records += row.seq - row.first + 1
            self.points += row.points


def choose_gaps(rows: Iterable[Row], needed_bytes: int) -> list[Gap]:
    """Return the gaps to make so that about `needed_bytes` become free, from `rows` in seq order, oldest first.

    Records with events are never in a gap; they end it. Neighbouring gaps become one. Fewer bytes than needed become
    free when there is no more telemetry.
    """
    gaps: list[Gap] = []
    run: Gap | None = None
    freed = 0
    for row in rows:
        if freed >= needed_bytes and row.kind != GAP:
            break
        if row.kind in (EVENTS, EVENTS_THINNED, URGENT):
            run = None
            continue
        if run is None:
            run = Gap(row.first, row.seq, row.oldest_ms, row.newest_ms)
            gaps.append(run)
            freed -= _GAP_BYTES
        run.take(row)
        freed += row.bytes + ROW_BYTES
    return [gap for gap in gaps if gap.records or gap.rows > 1]


def dropped_event(owner: SpoolOwner, gap: Gap) -> Event:
    """Return the event that stands for a gap, at the gap's first time."""
    return Event(
        t=gap.oldest_ms,
        device=owner.gateway,
        kind="spool_dropped",
        device_kind="gateway",
        site=owner.site,
        clock=owner.clock,
        data={
            "first_seq": gap.first,
            "last_seq": gap.seq,
            "records": gap.seq - gap.first + 1,
            "points": gap.points + gap.points_before,
            "from_ms": gap.oldest_ms,
            "to_ms": gap.newest_ms,
        },
    )


def damaged_event(owner: SpoolOwner, time_ms: int, moved_to: str, why: str) -> Event:
    """Return the event that says that a damaged spool was moved aside, and with it what it held."""
    return Event(
        t=time_ms,
        device=owner.gateway,
        kind="spool_damaged",
        device_kind="gateway",
        site=owner.site,
        clock=owner.clock,
        data={"moved_to": moved_to, "why": why[:200]},
    )
