"""Traces of records: from the first reading of a batch over the spool and each sending to its commit ack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.pipeline.batcher import Content
from edge.spool.queue import SpoolRecord
from headland.contract.trace_context import (
    TRACEPARENT,
    TraceContext,
    context_of_record,
    format_traceparent,
    is_in_share,
)
from headland.runtime.tracing.spans import Span, SpanSink, new_context

#: Records whose times are kept: of those beyond, and of those of an earlier process, the trace begins with the sending.
_MOST_OPEN: Final = 2000
#: Sendings whose PUBACK is awaited; a send window is smaller.
_MOST_SENT: Final = 1000
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class _OpenTrace:
    start_ns: int
    first: int
    spooled_ns: int | None = None
    points: int | None = None
    sends: int = 0


@dataclass(frozen=True, slots=True)
class _Sending:
    context: TraceContext
    parent_id: int
    seq: int
    start_ns: int


@dataclass(slots=True)
class RecordTraces:
    """Traces of one gateway's records; called by the batch thread and the uplink's.

    A trace is a span `gateway batch` from the reading to the commit ack, with `gateway spool` until the batch is on the
    disk, and `gateway publish` for each sending; ingest goes on with the trace from the sending that it received.
    """

    gateway: str
    sink: SpanSink
    share: float = 1.0
    now_ns: Callable[[], int] = time.time_ns
    monotonic_s: Callable[[], float] = time.monotonic
    _epoch: str = ""
    _open: dict[int, _OpenTrace] = field(default_factory=dict)
    _sent: dict[int, _Sending] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def appended(self, epoch: str, first_seq: int, contents: Sequence[Content]) -> None:
        """Note that contents are on the disk, as the records from `first_seq` on."""
        now_ns, now_s = self.now_ns(), self.monotonic_s()
        with self._lock:
            self._follow(epoch)
            for seq, content in enumerate(contents, start=first_seq):
                if len(self._open) >= _MOST_OPEN:
                    return
                if not is_in_share(context_of_record(self.gateway, epoch, seq).trace_id, self.share):
                    continue
                age_s = max(0.0, now_s - content.opened_s) if content.opened_s else 0.0
                self._open[seq] = _OpenTrace(now_ns - round(age_s * _NS), seq, now_ns, content.points)

    def begin_sending(self, record: SpoolRecord) -> tuple[TraceContext, tuple[str, str]] | None:
        """Return the context of a sending and its user property; None where the record is not traced."""
        root = context_of_record(self.gateway, record.epoch, record.seq)
        if not is_in_share(root.trace_id, self.share):
            return None
        context = new_context(root)
        return context, (TRACEPARENT, format_traceparent(context))

    def sent(self, mid: int, record: SpoolRecord, context: TraceContext) -> None:
        """Note that a record was sent as message `mid`."""
        now_ns = self.now_ns()
        root = context_of_record(self.gateway, record.epoch, record.seq)
        with self._lock:
            self._follow(record.epoch)
            trace = self._open.get(record.seq)
            if trace is None and len(self._open) < _MOST_OPEN:
                trace = self._open[record.seq] = _OpenTrace(now_ns, record.first)
            if trace is not None:
                trace.sends += 1
            if len(self._sent) < _MOST_SENT:
                self._sent[mid] = _Sending(context, root.span_id, record.seq, now_ns)

    def puback(self, mid: int) -> None:
        """Note the PUBACK of a message: the end of its sending."""
        with self._lock:
            sending = self._sent.pop(mid, None)
            if sending is not None:
                self._end_sending(sending)

    def committed(self, epoch: str, seq: int) -> None:
        """Note a commit ack: the end of the traces of all records up to `seq`."""
        now_ns = self.now_ns()
        with self._lock:
            if epoch != self._epoch:
                return
            for mid in [mid for mid, sending in self._sent.items() if sending.seq <= seq]:
                self._end_sending(self._sent.pop(mid))
            for done in [number for number in self._open if number <= seq]:
                self._end(done, self._open.pop(done), now_ns)

    def forget_connection(self) -> None:
        """Forget the sendings of an earlier connection: their PUBACK will not come."""
        with self._lock:
            self._sent.clear()

    def _follow(self, epoch: str) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            self._open.clear()
            self._sent.clear()

    def _end_sending(self, sending: _Sending) -> None:
        attributes: dict[str, str | int] = {
            "headland.gateway": self.gateway,
            "headland.epoch": self._epoch,
            "headland.seq": sending.seq,
        }
        context, parent_id, now_ns = sending.context, sending.parent_id, self.now_ns()
        self.sink.add(Span("gateway publish", context, parent_id, sending.start_ns, now_ns, "producer", attributes))

    def _end(self, seq: int, trace: _OpenTrace, now_ns: int) -> None:
        root = context_of_record(self.gateway, self._epoch, seq)
        attributes: dict[str, str | int] = {
            "headland.gateway": self.gateway,
            "headland.epoch": self._epoch,
            "headland.seq": seq,
            "headland.sends": trace.sends,
        }
        if trace.first != seq:
            attributes["headland.first"] = trace.first
        if trace.points is not None:
            attributes["headland.points"] = trace.points
        if trace.spooled_ns is not None:
            spool = Span("gateway spool", new_context(root), root.span_id, trace.start_ns, trace.spooled_ns)
            self.sink.add(spool)
        self.sink.add(
            Span("gateway batch", root, None, trace.start_ns, now_ns, "internal", attributes, (("commit ack", now_ns),))
        )
