"""Traces in ingest: what happened to a record from its arrival to its commit, in the trace that its gateway began."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from headland.contract.trace_context import TRACEPARENT, TraceContext, parse_traceparent
from headland.runtime.tracing.spans import Span, SpanSink, new_context
from ingest.mqtt.inbox import InboundMessage

#: No name or number of a record in a span is longer.
_MOST_TEXT: Final = 80


@dataclass(frozen=True, slots=True)
class DecodedRecord:
    """A traced message and when it was decoded."""

    message: InboundMessage
    parent: TraceContext
    began_ns: int
    ended_ns: int


class IngestTraces:
    """Makes `ingest record` with `ingest decode` and `ingest commit` below, for messages with a sampled traceparent.

    Messages without one, or with a malformed one, are handled as ever and not traced.
    """

    def __init__(self, sink: SpanSink, worker: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._sink = sink
        self._worker = worker
        self._now_ns = now_ns

    def mark_arrival(self, message: InboundMessage) -> InboundMessage:
        """Return a message with the time of its arrival, where it has a traceparent."""
        return message._replace(received_ns=self._now_ns()) if TRACEPARENT in message.properties else message

    def decode(self, message: InboundMessage, decode: Callable[[], None]) -> DecodedRecord | None:
        """Call `decode`; return what is to be traced of the message, None for nothing. Raises what `decode` raises."""
        text = message.properties.get(TRACEPARENT)
        parent = None if text is None else parse_traceparent(text)
        if parent is None or not parent.is_sampled:
            decode()
            return None
        began_ns = self._now_ns()
        decode()
        return DecodedRecord(message, parent, began_ns, self._now_ns())

    def committed(self, records: Sequence[DecodedRecord], store_ns: tuple[int, int]) -> None:
        """Trace records whose batch was written to the store within `store_ns` and is acknowledged now."""
        now_ns = self._now_ns()
        for record in records:
            context = new_context(record.parent)
            properties = record.message.properties
            began_ns = record.message.received_ns or record.began_ns
            for name, start_ns, end_ns in (
                ("ingest decode", record.began_ns, record.ended_ns),
                ("ingest commit", *store_ns),
            ):
                self._sink.add(Span(name, new_context(context), context.span_id, start_ns, end_ns))
            attributes: dict[str, str | int] = {
                "headland.worker": self._worker,
                "headland.gateway": record.message.topic.rpartition("/")[2][:_MOST_TEXT],
                "headland.epoch": properties.get("epoch", "")[:_MOST_TEXT],
                "headland.seq": properties.get("seq", "")[:_MOST_TEXT],
                "headland.bytes": len(record.message.payload),
            }
            self._sink.add(
                Span("ingest record", context, record.parent.span_id, began_ns, now_ns, "consumer", attributes)
            )
