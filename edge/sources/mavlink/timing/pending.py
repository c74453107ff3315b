"""Rows and events on their way through the time stamping: without a time yet, and with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.sources.mavlink.mapping.rows import RowKind
from headland.contract.records import Clock, Scalar


class EventBody(NamedTuple):
    """An event without time and device."""

    kind: str
    data: dict[str, Scalar]


class PendingMessage(NamedTuple):
    """A row of `kind`, or an event where `kind` is None, that waits for its time.

    `stamp_ms` is the time since boot that the message itself carries, `previous_ms` that of the last message before it.
    """

    arrival_ms: int
    stamp_ms: int | None
    previous_ms: int | None
    kind: RowKind | None
    body: Any

    @classmethod
    def event(cls, body: EventBody, boot_ms: int | None, arrival_ms: int) -> PendingMessage:
        """Return an event that happened at a time since boot."""
        return cls(arrival_ms, None, boot_ms, None, body)

    @property
    def boot_ms(self) -> int | None:
        """The time since boot at which it happened, None where no message had one."""
        return self.stamp_ms if self.stamp_ms is not None else self.previous_ms


class StampedRows(NamedTuple):
    """Values of messages of one kind with their UTC."""

    clock: Clock
    kind: RowKind
    times_ms: Sequence[int]
    values: Sequence[Any]


class StampedEvent(NamedTuple):
    """An event with its UTC."""

    clock: Clock
    time_ms: int
    body: EventBody


Stamped = StampedRows | StampedEvent
