"""The way from the spool to the broker: a PUBACK only moves the send window, the commit ack deletes."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.sources.connection.reconnect import Backoff
from edge.spool.queue import Spool, SpoolRecord
from edge.uplink.announcer import Announcer
from edge.uplink.connection import Accepted, BrokerLink, Closed, Happening, ReceivedMessage, Subscribed, Taken
from edge.uplink.sender import RecordSender
from edge.uplink.settings import BrokerSettings
from edge.uplink.state import UplinkState
from headland.clock import wall_clock_ms
from headland.contract.codec import decode_record
from headland.contract.records import Ack, Descriptor
from headland.contract.refusals import Refused
from headland.contract.topics import ack_topic
from headland.errors import HeadlandError, PeerRefused, RetryLater

_LOGGER = logging.getLogger(__name__)

#: How long the broker may take to answer a connection or a subscription.
_ANSWER_S: Final = 10.0
#: Where a PUBACK deletes, records are deleted together this often.
_DELETE_S: Final = 0.05
#: How long the last status may take on its way out.
_GOODBYE_S: Final = 0.3
_BROKER_BACKOFF: Final = Backoff(0.5, 60.0)
_NOBODY_LISTENS: Final = "connected, but no ingest listens on this broker: the records stay here and are sent again"


@dataclass(slots=True)
class _Session:
    """What belongs to one connection."""

    link: BrokerLink
    opened_s: float
    receive_maximum: int = 0
    packet_bytes: int = 0
    accepted: bool = False
    sending: bool = False
    goodbye_s: float = 0.0
    goodbye_mid: int | None = None
    refusal: str = ""


class Uplink:
    """Owns the thread `uplink`, which never ends before `stop`.

    Each record of the spool is published until a commit ack covers it: again from the head after a reconnect and
    after some seconds without progress, so the receiver sees records more than once and in their order within a
    connection. With `announce` it also keeps the gateway's retained status and last will.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        gateway: str,
        spool: Spool,
        *,
        client_id: str | None = None,
        announce: bool = True,
        software: str = "",
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._spool = spool
        self._client_id = client_id or f"edge-{gateway}"
        self._announcer = Announcer(gateway, spool, software, keeps_status=announce)
        self._sender = RecordSender(settings, gateway, spool, time.monotonic())
        self._window = self._sender.window
        self._link: BrokerLink | None = None
        self._state = UplinkState(False, "not started", spool.epoch, delete_on=settings.delete_on)
        self._stopping = threading.Event()
        self._drain_until_s = 0.0
        self._failures = 0
        self._held_seq = 0
        self._delete_due_s = 0.0
        self._counters = dict.fromkeys(
            (
                "connects", "connect_failures", "pubacks", "unheard", "refused_by_broker", "commit_acks",
                "foreign_acks", "bad_acks", "resends", "too_large", "errors",
            ),
            0,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    def start(self) -> None:
        """Start the thread; it connects on its own, again and again."""
        self._thread.start()

    def stop(self, drain_s: float = 2.0) -> None:
        """Let what is in the spool be confirmed for at most `drain_s`, say goodbye and end the thread."""
        self._drain_until_s = time.monotonic() + drain_s
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(drain_s + 1.0)

    def describe(self, descriptor: Descriptor) -> None:
        """Publish a device's descriptor now and on every connect; the newest of a device replaces the last."""
        self._announcer.describe(descriptor)
        self.wake()

    def wake(self) -> None:
        """Say that the spool has more; callable from any thread."""
        link = self._link
        if link is not None:
            link.wake()

    def state(self) -> UplinkState:
        """Return how it stands."""
        return self._state

    def counters(self) -> Mapping[str, int]:
        """Return what was sent, acknowledged and refused so far, by name."""
        return {
            **self._counters,
            "published": self._sender.published,
            "published_ahead": self._sender.sent_ahead,
            "published_urgent": self._sender.sent_urgent,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve()
            except HeadlandError as error:
                self._note_failure(str(error))
            except Exception as error:  # whatever breaks a connection, the next one may work
                self._counters["errors"] += 1
                _LOGGER.debug("the uplink's connection broke", exc_info=True)
                self._note_failure(f"{type(error).__name__}: {error}")
            if not self._stopping.is_set():
                self._failures += 1
                dice = random.random()  # noqa: S311 - jitter, not a secret
                self._stopping.wait(_BROKER_BACKOFF.wait_s(self._failures, dice))
        self._say(connected=False, detail="stopped")

    def _serve(self) -> None:
        """Hold one connection until it breaks (RetryLater), is refused (PeerRefused) or the stop is done."""
        link = BrokerLink(self._settings, self._client_id, self._announcer.will(self._state))
        try:
            link.open()
            self._link = link
            session = _Session(link, time.monotonic())
            while not self._is_drained(session):
                for happening in link.pump(self._idle_s()):
                    self._take(session, happening)
                self._step(session)
        finally:
            self._link = None
            link.close()

    def _step(self, session: _Session) -> None:
        """Do what is due now: the epoch's change, resending, sending, descriptors, status."""
        now_s = time.monotonic()
        if not session.sending:
            if now_s - session.opened_s > _ANSWER_S:
                raise RetryLater(f"the broker has not answered for {_ANSWER_S:g} s")
            return
        self._follow_epoch()
        self._look_for_stall(now_s)
        if self._settings.delete_on == "puback":
            self._delete_taken(now_s)
        self._sender.send(session.link, session.packet_bytes, self._state.epoch, now_s)
        if self._sender.too_large is not None:
            self._say_too_large(self._sender.too_large, session.packet_bytes)
        if session.goodbye_mid is None:
            self._announcer.announce(session.link, self._state, now_s)

    def _follow_epoch(self) -> None:
        """Begin at the head of the spool's epoch where that is another one than before."""
        if self._state.epoch != self._spool.epoch:
            self._sender.forget()
            self._say(epoch=self._spool.epoch, acked_seq=None, overdue_ms=None)

    def _take(self, session: _Session, happening: Happening) -> None:
        match happening:
            case Closed():
                if session.refusal:
                    raise PeerRefused(self._say_refusal(session.refusal))
                raise RetryLater(happening.why) if session.accepted else PeerRefused(happening.why)
            case Accepted():
                session.accepted = True
                session.receive_maximum = happening.receive_maximum
                session.packet_bytes = happening.packet_bytes
                if self._settings.delete_on == "puback":
                    self._begin(session)
                else:
                    session.link.subscribe(ack_topic(self._gateway))
            case Subscribed():
                if happening.refused is not None:
                    raise PeerRefused(f"the broker lets {self._client_id} not hear its acks: {happening.refused}")
                self._begin(session)
            case Taken():
                self._take_puback(session, happening)
            case ReceivedMessage():
                self._take_ack(happening)

    def _say_refusal(self, reason: str) -> str:
        login = self._settings.username or "anonymous"
        return (
            f"the broker refuses what {self._gateway} publishes as user {login} ({reason}): is gateway.id the name that"
            " this login was made for?"
        )

    def _begin(self, session: _Session) -> None:
        session.sending = True
        self._counters["connects"] += 1
        self._held_seq = 0
        self._announcer.begin()
        self._window.restart(session.receive_maximum, time.monotonic())
        _LOGGER.info("connected to %s:%s", self._settings.host, self._settings.port)
        self._say(connected=True, detail="")

    def _take_puback(self, session: _Session, taken: Taken) -> None:
        if taken.mid == session.goodbye_mid:
            session.goodbye_mid = -1
        if taken.refused is None:
            self._failures = 0  # the broker takes what we publish: a lost connection may come back soon
        else:
            session.refusal = taken.refused
        if not self._window.puback(taken.mid):
            self._counters["refused_by_broker"] += taken.refused is not None
            return
        if taken.unheard:
            self._counters["unheard"] += 1
            self._window.note_unheard()
            if not self._held_seq:
                self._say(detail=_NOBODY_LISTENS)
            return
        if taken.refused is None:
            self._counters["pubacks"] += 1
            if self._state.detail and not self._held_seq:
                self._say(detail="")
            return
        self._counters["refused_by_broker"] += 1
        if self._settings.delete_on == "puback":
            self._window.note_unheard()  # nothing behind it counts as taken, and it is sent again
        if self._state.detail != taken.refused:
            _LOGGER.warning("the broker refuses data of %s: %s", self._gateway, taken.refused)
            self._say(detail=taken.refused)

    def _take_ack(self, heard: ReceivedMessage) -> None:
        ack = decode_record(heard.payload, Ack)
        if isinstance(ack, Refused) or heard.topic != ack_topic(self._gateway) or ack.seq < 0:
            self._counters["bad_acks"] += 1
            return
        # The retained ack may come before anything else of a connection is done.
        self._follow_epoch()
        if not self._spool.confirm(ack.epoch, ack.seq):
            self._counters["foreign_acks"] += 1
            return
        self._counters["commit_acks"] += 1
        if ack.epoch == self._state.epoch == self._spool.epoch and self._window.commit(ack.seq, time.monotonic()):
            self._say(acked_seq=ack.seq, acked_ms=wall_clock_ms(), overdue_ms=None)

    def _look_for_stall(self, now_s: float) -> None:
        """Begin again at the head after too long without a commit ack, and say since when it is overdue."""
        waits_s = self._window.waits_s(now_s)
        if self._window.rewind_when_stalled(now_s):
            self._counters["resends"] += 1
            if self._state.overdue_ms is None and waits_s > 0:
                self._say(overdue_ms=wall_clock_ms() - round(waits_s * 1000))

    def _delete_taken(self, now_s: float) -> None:
        """Delete what the broker has: nobody behind it says what is stored."""
        if now_s < self._delete_due_s:
            return
        self._delete_due_s = now_s + _DELETE_S
        seq = self._window.taken_upto()
        if self._window.commit(seq, now_s) and self._spool.confirm(self._state.epoch, seq):
            self._say(acked_seq=seq, acked_ms=wall_clock_ms())

    def _say_too_large(self, record: SpoolRecord, packet_bytes: int) -> None:
        detail = f"the broker takes {packet_bytes} bytes a message; record {record.seq} has {len(record.payload)}"
        if self._held_seq != record.seq:
            self._held_seq = record.seq
            self._counters["too_large"] += 1
            _LOGGER.error("%s: raise its max_packet_size to 262144", detail)
            self._say(detail=detail)

    def _is_drained(self, session: _Session) -> bool:
        """Tell whether the stop may end the connection now; its last message is the offline status."""
        if not self._stopping.is_set():
            return False
        now_s = time.monotonic()
        if session.goodbye_mid is None:
            if now_s < self._drain_until_s and self._spool.status().records:
                return False
            if not session.sending:
                return True
            session.goodbye_mid = self._announcer.say_goodbye(session.link, self._state)
            session.goodbye_s = now_s
        return session.goodbye_mid in (None, -1) or now_s - session.goodbye_s > _GOODBYE_S

    def _idle_s(self) -> float:
        """Return how long `pump` may wait: not at all while there is more to send."""
        if self._sender.is_busy and not self._sender.wait_s:
            return 0.0
        idle_s = 0.05 if self._stopping.is_set() or self._settings.delete_on == "puback" else 0.5
        return min(idle_s, self._sender.wait_s) if self._sender.wait_s else idle_s

    def _say(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)

    def _note_failure(self, detail: str) -> None:
        self._counters["connect_failures"] += 1
        if self._state.connected or self._state.detail != detail:
            _LOGGER.warning("no way to the broker: %s", detail)
        self._say(connected=False, detail=detail)
