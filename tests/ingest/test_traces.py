"""Traces in ingest, of messages with and without a traceparent."""

from __future__ import annotations

import pytest

from headland.contract.trace_context import TraceContext, format_traceparent
from ingest.commit.traces import IngestTraces
from ingest.mqtt.inbox import InboundMessage
from tests.runtime.tracing.kept_spans import Spans

PARENT = TraceContext(7, 8)


def message(**properties: str) -> InboundMessage:
    return InboundMessage(1, 1, 1, "headland/v1/data/3/gw-1", b"12345", properties=properties)


def traces_of(*instants_ns: int) -> tuple[IngestTraces, Spans]:
    spans = Spans()
    clock = iter(instants_ns)
    return IngestTraces(spans, "ingest-0", lambda: next(clock)), spans


def test_a_record_is_traced_from_its_arrival_to_its_acks() -> None:
    traces, spans = traces_of(10, 20, 30, 60)
    arrived = traces.mark_arrival(message(epoch="e1", seq="5", traceparent=format_traceparent(PARENT)))
    done: list[int] = []
    record = traces.decode(arrived, lambda: done.append(1))
    assert record is not None
    assert done == [1]
    traces.committed([record], (40, 50))
    decode, commit, whole = spans
    assert (whole.name, whole.start_ns, whole.end_ns, whole.parent_id) == ("ingest record", 10, 60, 8)
    assert (decode.name, decode.start_ns, decode.end_ns) == ("ingest decode", 20, 30)
    assert (commit.name, commit.start_ns, commit.end_ns) == ("ingest commit", 40, 50)
    assert {decode.parent_id, commit.parent_id} == {whole.context.span_id}
    assert {span.context.trace_id for span in spans} == {7}
    assert whole.attributes == {
        "headland.worker": "ingest-0", "headland.gateway": "gw-1", "headland.epoch": "e1", "headland.seq": "5",
        "headland.bytes": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "a" * 16_000, "00-0-0-01", format_traceparent(TraceContext(7, 8, is_sampled=False))],
)
def test_a_message_without_a_usable_context_is_decoded_and_not_traced(text: str) -> None:
    traces, spans = traces_of(1)
    done: list[int] = []
    arrived = traces.mark_arrival(message(traceparent=text))
    assert traces.decode(arrived, lambda: done.append(1)) is None
    assert done == [1]
    assert spans == []


def test_a_message_without_the_property_is_left_as_it_is() -> None:
    traces, _ = traces_of()
    plain = message(epoch="e1", seq="5")
    assert traces.mark_arrival(plain) is plain


def test_texts_of_a_sender_are_cut_in_a_span() -> None:
    traces, spans = traces_of(1, 2, 3)
    long = message(epoch="e" * 9000, seq="5" * 9000, traceparent=format_traceparent(PARENT))
    record = traces.decode(long, lambda: None)
    assert record is not None
    traces.committed([record], (2, 3))
    assert max(len(str(value)) for span in spans for value in span.attributes.values()) <= 80
