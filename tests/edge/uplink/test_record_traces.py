"""Traces of a gateway's records, on clocks of their own."""

from __future__ import annotations

from dataclasses import replace

from edge.spool.queue import SpoolRecord
from edge.uplink.record_traces import RecordTraces
from headland.contract.trace_context import TRACEPARENT, context_of_record, parse_traceparent
from tests.edge.contents import content
from tests.runtime.tracing.kept_spans import Spans

S = 1_000_000_000


class Clock:
    """A wall clock and a monotonic one, set by the test."""

    def __init__(self) -> None:
        self.at_s = 1000

    def now_ns(self) -> int:
        return (1_790_000_000 + self.at_s) * S

    def monotonic_s(self) -> float:
        return float(self.at_s)


def traces_of(clock: Clock, share: float = 1.0) -> tuple[RecordTraces, Spans]:
    spans = Spans()
    return RecordTraces("gw-1", spans, share, clock.now_ns, clock.monotonic_s), spans


def record(seq: int, first: int | None = None, epoch: str = "e1") -> SpoolRecord:
    return SpoolRecord(epoch, first or seq, seq, b"")


def send(traces: RecordTraces, mid: int, sent: SpoolRecord) -> str:
    begun = traces.begin_sending(sent)
    assert begun is not None
    context, (name, text) = begun
    assert name == TRACEPARENT
    traces.sent(mid, sent, context)
    return text


def test_a_trace_runs_from_the_first_reading_to_the_commit_ack() -> None:
    clock = Clock()
    traces, spans = traces_of(clock)
    start_ns = clock.now_ns()
    opened = replace(content(1), opened_s=clock.monotonic_s())
    clock.at_s += 2
    traces.appended("e1", 5, [opened])
    clock.at_s += 1
    text = send(traces, 1, record(5))
    clock.at_s += 1
    traces.puback(1)
    clock.at_s += 1
    traces.committed("e1", 5)
    publish, spool, batch = spans
    assert (batch.name, batch.context) == ("gateway batch", context_of_record("gw-1", "e1", 5))
    assert (batch.start_ns, batch.end_ns) == (start_ns, start_ns + 5 * S)
    assert (spool.name, spool.start_ns, spool.end_ns) == ("gateway spool", start_ns, start_ns + 2 * S)
    assert (publish.name, publish.start_ns, publish.end_ns) == ("gateway publish", start_ns + 3 * S, start_ns + 4 * S)
    assert {spool.parent_id, publish.parent_id} == {batch.context.span_id}
    assert {span.context.trace_id for span in spans} == {batch.context.trace_id}
    assert parse_traceparent(text) == publish.context
    assert batch.attributes == {
        "headland.gateway": "gw-1", "headland.epoch": "e1", "headland.seq": 5, "headland.sends": 1,
        "headland.points": 5,
    }  # fmt: skip


def test_a_record_that_is_sent_again_by_another_process_is_in_the_same_trace() -> None:
    first, _ = traces_of(Clock())
    again, spans = traces_of(Clock())
    one, other = (parse_traceparent(send(traces, 1, record(9))) for traces in (first, again))
    assert one is not None
    assert other is not None
    assert one.trace_id == other.trace_id
    assert one.span_id != other.span_id
    again.committed("e1", 9)
    assert [span.name for span in spans] == ["gateway publish", "gateway batch"]


def test_each_sending_is_a_span_and_one_without_a_puback_ends_with_the_commit_ack() -> None:
    traces, spans = traces_of(Clock())
    traces.appended("e1", 1, [content(1)])
    send(traces, 1, record(1))
    traces.puback(1)
    send(traces, 2, record(1))
    traces.committed("e1", 1)
    assert [span.name for span in spans] == ["gateway publish", "gateway publish", "gateway spool", "gateway batch"]
    assert spans[-1].attributes["headland.sends"] == 2


def test_a_commit_ack_ends_all_traces_up_to_its_number_once() -> None:
    traces, spans = traces_of(Clock())
    traces.appended("e1", 1, [content(number) for number in range(1, 6)])
    traces.committed("other", 5)
    assert spans == []
    traces.committed("e1", 3)
    traces.committed("e1", 3)
    assert [span.attributes["headland.seq"] for span in spans if span.name == "gateway batch"] == [1, 2, 3]


def test_what_is_kept_of_a_backlog_is_bounded_and_every_sending_is_traced() -> None:
    traces, spans = traces_of(Clock())
    traces.appended("e1", 1, [content(1)] * 5000)
    for seq in range(1, 5001):
        send(traces, seq, record(seq))
    assert len(traces._open) == 2000
    assert len(traces._sent) == 1000
    traces.forget_connection()
    assert traces._sent == {}
    traces.committed("e1", 5000)
    assert traces._open == {}
    assert len(spans) == 2 * 2000


def test_a_new_epoch_forgets_the_old_one() -> None:
    traces, spans = traces_of(Clock())
    traces.appended("e1", 1, [content(1)])
    traces.appended("e2", 1, [content(1)])
    traces.committed("e1", 1)
    assert spans == []
    traces.committed("e2", 1)
    assert spans[-1].attributes["headland.epoch"] == "e2"


def test_a_record_outside_the_share_has_no_property_and_no_span() -> None:
    traces, spans = traces_of(Clock(), share=0.0)
    traces.appended("e1", 1, [content(1)])
    assert traces.begin_sending(record(1)) is None
    traces.committed("e1", 1)
    assert spans == []
