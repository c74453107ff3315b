"""Sender of the spool's records: alarms first, then the backlog in order, with new records beside it."""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.spool.queue import Spool, SpoolRecord
from edge.uplink.arrivals import Arrivals
from edge.uplink.bandwidth import BacklogShare, Bucket, Freshness
from edge.uplink.connection import MessageLink
from edge.uplink.record_traces import RecordTraces
from edge.uplink.send_window import SendWindow
from edge.uplink.settings import BrokerSettings
from headland.contract.content_sums import UNKNOWN, content_sum
from headland.contract.topics import data_topic

#: How many records are read from the spool at once.
_CHUNK: Final = 50
#: The most bytes that a PUBLISH adds to its payload: topic, packet id, user properties.
_HEADER_BYTES: Final = 400
#: The average number of bytes added, with those of TCP and IP: for the byte limit.
_PACKET_BYTES: Final = 200
#: Where the PUBACK deletes, only a broken connection is a reason to send again.
_NO_STALL_S: Final = 3600.0


class RecordSender:
    """Sends what the window, the byte limit and the shares allow. Belongs to the uplink's thread.

    After `send`: `is_busy` where a record was sent, and more wait that may follow at once; `has_sent_all` where none
    waits. `too_large` is the record that the broker does not accept; none behind it is sent.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        gateway: str,
        spool: Spool,
        now_s: float,
        traces: RecordTraces | None = None,
    ) -> None:
        self._spool = spool
        self._traces = traces
        self._topic = data_topic(gateway)
        in_order = self._in_order = settings.delete_on == "puback"
        self.window = SendWindow(settings.window, _NO_STALL_S if in_order else settings.resend_s)
        self.arrivals = Arrivals()
        self._share = BacklogShare(1.0 if in_order else settings.backlog_share)
        self._freshness = Freshness(settings.live_s, spool.last_seq)
        cap = settings.max_bytes_per_s
        self._bucket = None if cap is None else Bucket.full(float(cap), now_s)
        self.published = 0
        self.sent_ahead = 0
        self.sent_urgent = 0
        self._has_sent = False
        self.too_large: SpoolRecord | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the last `send` sent a record and left others."""
        return self._has_sent and not self._is_all_sent

    @property
    def has_sent_all(self) -> bool:
        """Whether the last `send` sent a record and left none."""
        return self._has_sent and self._is_all_sent

    @property
    def _is_all_sent(self) -> bool:
        return self.window.cursor >= self._spool.last_seq

    @property
    def wait_s(self) -> float:
        """The wait until the byte limit allows a message."""
        return 0.0 if self._bucket is None else self._bucket.wait_s

    def reset(self) -> None:
        """Start a new epoch."""
        self.window.reset()
        self.arrivals.reset()
        self._freshness.reset(self._spool.last_seq)

    def send(self, link: MessageLink, packet_bytes: int, epoch: str, now_s: float) -> None:
        """Send the records that may be sent now, while the spool is of `epoch`."""
        self._has_sent, self.too_large = False, None
        old_seq = self._freshness.note(self._spool.last_seq, now_s)
        if self._bucket is not None:
            self._bucket = self._bucket.refill(now_s)
        if self._is_all_sent:
            return  # without asking the disk
        free = min(self.window.free(), _CHUNK)
        if free == 0 or self.wait_s > 0 or not self._send_urgent(link, packet_bytes, epoch, free):
            return
        free = min(self.window.free(), free)
        backlog = deque(self._spool.oldest(self.window.cursor, free))
        fresh = deque(self._newer(old_seq, free))
        if fresh:
            backlog = deque(record for record in backlog if record.seq <= old_seq)
        for _ in range(free):
            if not (backlog or fresh) or self.wait_s > 0:
                return
            is_backlog = not fresh or (bool(backlog) and self._share.prefers_backlog)
            record = (backlog if is_backlog else fresh).popleft()
            if record.epoch != epoch:
                return  # the next step starts the new epoch
            if is_backlog and self.window.skip_sent(record.first, record.seq, now_s):
                self._has_sent = True
                return  # the next record is behind the range
            if not is_backlog and self.window.join_ahead(record.seq):
                continue
            if not self._publish(link, packet_bytes, record, now_s, is_ahead=not is_backlog):
                return
            if record.seq <= old_seq or not is_backlog:
                self._share.sent(len(record.payload), is_backlog=is_backlog)

    def _newer(self, old_seq: int, limit: int) -> list[SpoolRecord]:
        """Return new records to send ahead, while older ones wait and ingest commits."""
        window = self.window
        if window.cursor >= old_seq or window.stalls or self._share.backlog == 1.0:
            return []
        return self._spool.oldest(window.ahead_from(old_seq), limit)

    def _send_urgent(self, link: MessageLink, packet_bytes: int, epoch: str, free: int) -> bool:
        """Send the alarms that are behind other records; return False where no more may be sent now.

        Where the PUBACK deletes, the order is kept: no commit ack would report which ranges arrived.
        """
        if self._in_order:
            return True
        after_seq, most = self.window.next_urgent()
        for record in self._spool.urgent(after_seq, min(most, free)):
            if record.first == self.window.cursor + 1:
                continue  # it is the next record anyway
            if record.epoch != epoch or self.wait_s > 0:
                return False
            mid = self._transmit(link, packet_bytes, record, is_head=False)
            if mid is None:
                return False
            self.window.sent_urgent(mid, record.seq)
            self.sent_urgent += 1
        return self.wait_s == 0.0

    def _publish(
        self, link: MessageLink, packet_bytes: int, record: SpoolRecord, now_s: float, *, is_ahead: bool
    ) -> bool:
        mid = self._transmit(link, packet_bytes, record, is_head=self.window.is_at_head and not is_ahead)
        if mid is None:
            return False
        if is_ahead:
            self.window.sent_ahead(mid, record.first, record.seq)
            self.sent_ahead += 1
        else:
            self.window.sent(mid, record.seq, now_s)
        return True

    def _transmit(self, link: MessageLink, packet_bytes: int, record: SpoolRecord, *, is_head: bool) -> int | None:
        """Publish a record and return its message id; None where it is too large or the link is lost."""
        if len(record.payload) + _HEADER_BYTES > packet_bytes:
            self.too_large = record
            return None
        labels = _labels(record, is_head=is_head)
        traced = None if self._traces is None else self._traces.begin_sending(record)
        if traced is not None:
            labels.append(traced[1])
        mid = link.publish(self._topic, record.payload, labels=labels)
        if mid is None:
            return None  # `pump` reports it
        if traced is not None and self._traces is not None:
            self._traces.sent(mid, record, traced[0])
        known = UNKNOWN if self._in_order else content_sum(record.payload)
        self.arrivals.sent(mid, record.first, record.seq, known)
        if self._bucket is not None:
            self._bucket = self._bucket.spend(len(record.payload) + _PACKET_BYTES)
        self.published += 1
        self._has_sent = True
        return mid


def _labels(record: SpoolRecord, *, is_head: bool) -> list[tuple[str, str]]:
    """Return the user properties of a record; `base` marks the spool's head: no record before it will come."""
    labels = [("epoch", record.epoch), ("seq", str(record.seq))]
    if record.first != record.seq:
        labels.append(("first", str(record.first)))
    if is_head and record.first > 1:
        labels.append(("base", str(record.first)))
    return labels
