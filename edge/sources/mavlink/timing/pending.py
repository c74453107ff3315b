"""What waits until its time is known."""

from __future__ import annotations

from typing import Any, NamedTuple

from edge.sources.mavlink.mapping.rows import RowKind
from edge.sources.mavlink.output.output import EventBody


class PendingMessage(NamedTuple):
    """A message of `kind`, or an event.

    `own_ms` is its own time since boot, `ambient_ms` that of the last message before it that had one.
    """

    arrival_ms: int
    own_ms: int | None
    ambient_ms: int | None
    kind: RowKind | None
    body: Any

    @classmethod
    def event(cls, kind: str, data: dict[str, Any], ambient_ms: int | None, arrival_ms: int) -> PendingMessage:
        """Return an event that waits."""
        return cls(arrival_ms, None, ambient_ms, None, EventBody(kind, data))

    @property
    def moment_ms(self) -> int | None:
        """When it was, in time since boot."""
        return self.own_ms if self.own_ms is not None else self.ambient_ms
