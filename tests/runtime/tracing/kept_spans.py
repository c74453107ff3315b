"""A sink of spans for tests."""

from __future__ import annotations

from headland.runtime.tracing.spans import Span


class Spans(list[Span]):
    """A sink that keeps spans."""

    def add(self, span: Span) -> None:
        self.append(span)
