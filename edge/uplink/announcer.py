"""Announcements of a gateway: the retained descriptors of its devices, its retained status and its last will."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from edge.spool.queue import Spool
from edge.uplink.connection import MessageLink, Will
from edge.uplink.state import UplinkState
from headland.clock import wall_clock_ms
from headland.contract.codec import MAX_SOURCES, encode_record
from headland.contract.records import Descriptor, GatewayStatus, RulesReport, SourceReport
from headland.contract.texts import displayable
from headland.contract.topics import answer_topic, meta_topic, status_topic

#: How often the retained status is published, and how often it is checked for a change.
_STATUS_S: Final = 10.0
_CHECK_S: Final = 1.0
#: Answers that wait for the connection.
_MOST_ANSWERS: Final = 8


class Announcer:
    """Publishes on the uplink's connection; only `describe` and `answer` may be called from other threads than
    the uplink's.

    Without `keeps_status` another process of the same gateway owns the status topic and the will.
    """

    def __init__(
        self,
        gateway: str,
        spool: Spool,
        software: str,
        *,
        keeps_status: bool,
        instance: str = "",
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._gateway = gateway
        self._spool = spool
        self._software = software
        self._keeps_status = keeps_status
        self._instance = instance
        self._now_ms = now_ms
        #: What the gateway reads; set before the start.
        self.sources: Callable[[], Sequence[SourceReport]] = tuple
        #: The farm's alarm rules here; set before the start.
        self.rules: Callable[[], RulesReport | None] = _no_rules
        self._lock = threading.Lock()
        self._descriptors: dict[str, Descriptor] = {}
        self._due: list[str] = []
        self._answers: deque[bytes] = deque(maxlen=_MOST_ANSWERS)
        self._published_key: tuple[object, ...] = ()
        self._status_due_s = 0.0
        self._check_due_s = 0.0

    def describe(self, descriptor: Descriptor) -> None:
        """Set a device's descriptor: it is published with the next `announce` and again on every connection."""
        # A station refuses control characters, which a device may have in what it says about itself.
        descriptor = msgspec.structs.replace(
            descriptor,
            name=displayable(descriptor.name),
            model=displayable(descriptor.model),
            software=displayable(descriptor.software),
        )
        with self._lock:
            if self._descriptors.get(descriptor.device) != descriptor:
                self._descriptors[descriptor.device] = descriptor
                self._due.append(descriptor.device)

    def answer(self, payload: bytes) -> None:
        """Publish the answer to an order with the next `announce`; one that nobody awaits any more is lost."""
        self._answers.append(payload)

    def will(self, state: UplinkState) -> Will | None:
        """Return the last will for a new connection."""
        if not self._keeps_status:
            return None
        return Will(status_topic(self._gateway), self._status(state, online=False))

    def restart(self) -> None:
        """Publish everything again, for a new connection."""
        with self._lock:
            self._due = list(self._descriptors)
        self._status_due_s = self._check_due_s = 0.0

    def announce(self, link: MessageLink, state: UplinkState, now_s: float) -> None:
        """Publish what is due: new descriptors, and the status every ten seconds or when it has changed."""
        if self._due:
            with self._lock:
                due = [self._descriptors[device] for device in dict.fromkeys(self._due)]
                self._due = []
            for descriptor in due:
                link.publish(meta_topic(self._gateway, descriptor.device), encode_record(descriptor), retain=True)
        while self._answers:
            link.publish(answer_topic(self._gateway), self._answers.popleft())
        if not self._keeps_status or now_s < self._check_due_s:
            return
        self._check_due_s = now_s + _CHECK_S
        spool = self._spool.status()
        sources = tuple(self.sources()[:MAX_SOURCES])
        key = (
            self._spool.epoch,
            spool.dropped_records,
            spool.trouble,
            state.acked_seq is None,
            state.overdue_ms,
            tuple((source.name, source.trouble) for source in sources),
            self.rules(),
        )
        if now_s >= self._status_due_s or key != self._published_key:
            link.publish(status_topic(self._gateway), self._status(state, sources, online=True), retain=True)
            self._published_key, self._status_due_s = key, now_s + _STATUS_S

    def publish_offline(self, link: MessageLink, state: UplinkState) -> int | None:
        """Publish that the gateway goes offline on purpose; return the message's id where one was sent."""
        if not self._keeps_status:
            return None
        return link.publish(status_topic(self._gateway), self._status(state, online=False), retain=True)

    def _status(self, state: UplinkState, sources: tuple[SourceReport, ...] = (), *, online: bool) -> bytes:
        status = GatewayStatus(
            gw=self._gateway,
            online=online,
            t=self._now_ms(),
            software=self._software,
            epoch=self._spool.epoch,
            acked_seq=state.acked_seq,
            spool=self._spool.status(),
            delete_on=state.delete_on,
            overdue_ms=state.overdue_ms,
            instance=self._instance,
            sources=sources,
            ended=self._spool.ended(),
            shortened=self._spool.shortened(),
            rules=self.rules(),
        )
        return encode_record(status)


def _no_rules() -> RulesReport | None:
    return None
