"""Spans: what a part did for one record or request, and when. A part makes them only while traces are on."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from headland.contract.trace_context import TraceContext

SpanKind = Literal["internal", "server", "producer", "consumer"]


@dataclass(frozen=True, slots=True)
class Span:
    """A finished span; instants are epoch nanoseconds. `events` are instants within it, by name."""

    name: str
    context: TraceContext
    parent_id: int | None
    start_ns: int
    end_ns: int
    kind: SpanKind = "internal"
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    events: tuple[tuple[str, int], ...] = ()
    is_error: bool = False


class SpanSink(Protocol):
    """Takes finished spans."""

    def add(self, span: Span) -> None:
        """Take a span; returns at once, from any thread, and raises nothing."""
        ...


def new_context(parent: TraceContext | None = None) -> TraceContext:
    """Return the context of a new span: in the trace of its parent, or in a new trace."""
    trace_id = parent.trace_id if parent is not None else secrets.randbits(128) or 1
    return TraceContext(trace_id, secrets.randbits(64) or 1)
