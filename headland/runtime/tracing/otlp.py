"""Sender of spans through OpenTelemetry's OTLP/HTTP exporter. Loaded only while traces are on (extra `otel`)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from headland.errors import RetryLater
from headland.runtime.tracing.settings import TraceSettings
from headland.runtime.tracing.spans import Span

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SCOPE: Final = InstrumentationScope("headland")
_MOST_DETAIL: Final = 200


class _LastWords(logging.Handler):
    """Keeps why a request failed, which the exporter only logs: the first record of it names the cause."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record's text."""
        self.text = self.text or record.getMessage()


def _listen() -> _LastWords:
    """Take the exporter's records out of the log: a collector that is down would fill it."""
    words = _LastWords()
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.addHandler(words)
    return words


_WORDS: Final = _listen()


class OtlpSender:
    """Sends spans of one service to one collector."""

    def __init__(self, settings: TraceSettings, service: str, instance: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=settings.timeout_s)
        self._endpoint = settings.endpoint
        self._resource = Resource.create({"service.name": service, "service.instance.id": instance})

    def send(self, spans: Sequence[Span]) -> None:
        """Send spans. Raises RetryLater where the collector did not take them in time."""
        _WORDS.text = ""
        if self._exporter.export([self._readable(span) for span in spans]) is not SpanExportResult.SUCCESS:
            raise RetryLater(f"{self._endpoint} took no spans: {_WORDS.text[:_MOST_DETAIL] or 'no answer'}")

    def _readable(self, span: Span) -> ReadableSpan:
        flags = TraceFlags(TraceFlags.SAMPLED)
        trace_id = span.context.trace_id
        parent = None
        if span.parent_id is not None:
            parent = SpanContext(trace_id, span.parent_id, is_remote=True, trace_flags=flags)
        return ReadableSpan(
            span.name,
            SpanContext(trace_id, span.context.span_id, is_remote=False, trace_flags=flags),
            parent=parent,
            resource=self._resource,
            attributes=dict(span.attributes),
            events=[Event(name, timestamp=instant_ns) for name, instant_ns in span.events],
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR if span.is_error else StatusCode.UNSET),
            start_time=span.start_ns,
            end_time=max(span.start_ns, span.end_ns),
            instrumentation_scope=_SCOPE,
        )
