"""Uplink from the spool to the broker: a PUBACK only moves the send window, the commit ack deletes records."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.sources.connection.reconnect import Backoff
from edge.spool.queue import Spool, SpoolRecord
from edge.uplink.announcer import Announcer
from edge.uplink.connection import (
    Acknowledged,
    BrokerLink,
    Closed,
    Connected,
    LinkEvent,
    MessageLink,
    ReceivedMessage,
    Subscribed,
    Will,
)
from edge.uplink.record_traces import RecordTraces
from edge.uplink.sender import RecordSender
from edge.uplink.settings import BrokerSettings
from edge.uplink.state import UplinkState
from headland.clock import MACHINE_CLOCK, MachineClock
from headland.contract.ack_keys import is_genuine
from headland.contract.codec import decode_record
from headland.contract.content_sums import read_sums
from headland.contract.records import Ack, Descriptor, RulesReport, SourceReport
from headland.contract.refusals import Refused
from headland.contract.topics import ack_topic, order_topic, rules_topic
from headland.errors import HeadlandError, PeerRefused, RetryLater
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

LinkMaker = Callable[[BrokerSettings, str, Will | None], MessageLink]

#: How long the broker may take to answer a connection or a subscription.
_ANSWER_S: Final = 10.0
#: How long after a start the first commit ack of the epoch may take; without it a new epoch begins.
_PROOF_S: Final = 5.0
#: How often records are deleted where the PUBACK deletes.
_DELETE_S: Final = 0.05
#: Where all records are sent the broker's answers wait so long for the next record, and are read with its sending.
_REST_S: Final = 0.2
#: How long to wait for the PUBACK of the last status.
_OFFLINE_S: Final = 0.3
#: Connections that may end before the broker answers the subscription to the farm's alarm rules.
_MOST_RULES_UNANSWERED: Final = 2
_BROKER_BACKOFF: Final = Backoff(0.5, 60.0)
_FORGED: Final = (
    "a commit ack without the signature of this farm's ingest was refused and deleted nothing: ingest is older than"
    " this gateway or has another ack secret, or another login publishes acks"
)
_NO_INGEST: Final = "connected, but no ingest is subscribed on this broker: the records remain here and are sent again"


@dataclass(slots=True)
class _Session:
    """State of one connection."""

    link: MessageLink
    opened_s: float
    began_s: float = 0.0
    receive_maximum: int = 0
    packet_bytes: int = 0
    connected: bool = False
    sending: bool = False
    asks_rules: bool = False
    asks_orders: bool = False
    offline_s: float = 0.0
    offline_mid: int | None = None
    refusal: str = ""


class Uplink:
    """Sends the spool's records; owns the thread `uplink`, which never ends before `stop`.

    Each record is published until a commit ack covers it: again after a reconnect where its PUBACK is missing, and from
    the head after some seconds without progress. The receiver may receive a record more than once, and in order within
    a connection. With `announce` it also maintains the gateway's retained status and last will.

    After a start the first record is sent when the retained commit ack has shown that the spool's epoch is as the spool
    has it: a restored one would give numbers to new records that older ones have already.

    The thread only calls `connect`, `turn`, `disconnect` and `note_failure`; a simulation calls them itself, with its
    own clock, links and `dice` (0 to 1, for the jitter of the wait before the next connection).
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
        clock: MachineClock = MACHINE_CLOCK,
        make_link: LinkMaker = BrokerLink,
        dice: Callable[[], float] = random.random,
        traces: RecordTraces | None = None,
    ) -> None:
        self._settings = settings
        self._traces = traces
        self._clock = clock
        self._make_link = make_link
        self._dice = dice
        self._gateway = gateway
        self._spool = spool
        self._client_id = client_id or f"edge-{gateway}"
        #: The id of this run.
        self.instance = _new_instance(dice)
        self._announcer = Announcer(
            gateway, spool, software, keeps_status=announce, instance=self.instance, now_ms=clock.now_ms
        )
        self._sender = RecordSender(settings, gateway, spool, clock.monotonic_s(), traces)
        self._window = self._sender.window
        self._arrivals = self._sender.arrivals
        self._ack: Ack | None = None
        #: Called in this thread where ingest says that somebody begins to follow the live values, or that nobody does
        #: any more; a lost connection is the latter. Must return at once.
        self.on_followed: Callable[[bool], None] = lambda _is_followed: None
        self._is_followed = False
        self._offer_rules: Callable[[bytes], None] | None = None
        self._rules_unanswered = 0
        self._offer_order: Callable[[bytes], None] | None = None
        self._session: _Session | None = None
        self._is_woken = threading.Event()
        self._state = UplinkState(False, "not started", spool.epoch, delete_on=settings.delete_on)
        self._drain_until_s = 0.0
        self._failures = 0
        self._too_large_seq = 0
        self._delete_due_s = 0.0
        self._counters = dict.fromkeys(
            (
                "connects", "connect_failures", "pubacks", "unheard", "refused_by_broker", "commit_acks",
                "foreign_acks", "bad_acks", "forged_acks", "resends", "too_large", "errors", "woken",
                "rules_received", "rules_refused",
            ),
            0,
        )  # fmt: skip
        self._thread = SupervisedThread(
            "uplink", self._connect_once, overdue_after_s=None, finish=self._end, reports_success=True
        )
        self._stopping = self._thread.stopping

    def start(self) -> None:
        """Start the thread; it connects, and reconnects, by itself."""
        if self._settings.ack_key is None and self._settings.delete_on == "commit":
            _LOGGER.warning("broker.ack_key is not set: commit acks are not checked (headland gateway ack-key)")
        self._thread.start()

    def stop(self, drain_s: float = 2.0) -> None:
        """Wait at most `drain_s` for the spool's commit acks, publish the offline status and end the thread."""
        self._drain_until_s = self._clock.monotonic_s() + drain_s
        self._stopping.set()
        self.wake()
        self._thread.join(drain_s + 1.0)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def describe(self, descriptor: Descriptor) -> None:
        """Publish a device's descriptor now and on every connect; the newest of a device replaces the last."""
        self._announcer.describe(descriptor)
        self.wake()

    def report_sources(self, sources: Callable[[], Sequence[SourceReport]]) -> None:
        """Report what `sources` returns with each status; call before the start."""
        self._announcer.sources = sources

    def report_rules(self, rules: Callable[[], RulesReport | None]) -> None:
        """Report what `rules` returns with each status; call before the start."""
        self._announcer.rules = rules

    def take_rules(self, offer: Callable[[bytes], None]) -> None:
        """Subscribe to the farm's alarm rules and pass each message to `offer`, which returns at once."""
        self._offer_rules = offer

    def take_orders(self, offer: Callable[[bytes], None]) -> None:
        """Subscribe to the farm's orders and pass each message to `offer`, which returns at once."""
        self._offer_order = offer

    def answer(self, payload: bytes) -> None:
        """Publish the answer to an order."""
        self._announcer.answer(payload)
        self.wake()

    def wake(self) -> None:
        """Signal that the spool has new records; callable from any thread."""
        session = self._session
        if session is not None:
            session.link.wake()
        self._is_woken.set()  # last: whoever rested finds the link woken

    def state(self) -> UplinkState:
        """Return the state of the uplink."""
        return self._state

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of sent, acknowledged and refused messages so far, by name."""
        return {
            **self._counters,
            "published": self._sender.published,
            "published_ahead": self._sender.sent_ahead,
            "published_urgent": self._sender.sent_urgent,
        }

    def connect(self) -> None:
        """Begin a connection. Raises RetryLater, and SettingsError for bad TLS files."""
        link = self._make_link(self._settings, self._client_id, self._announcer.will(self._state))
        try:
            link.open()
        except BaseException:
            link.close()
            raise
        self._session = _Session(link, self._clock.monotonic_s())

    def turn(self) -> bool:
        """Handle what arrived and do what is due; return False where the stop is complete.

        Raises RetryLater where the connection broke, PeerRefused where it is refused.
        """
        session = self._session
        if session is None or self._is_drained(session):
            return False
        for event in session.link.pump(self._idle_s()):
            self._handle(session, event)
        self._step(session)
        return True

    def disconnect(self) -> None:
        """End the connection; a second call does nothing."""
        session, self._session = self._session, None
        if session is not None:
            session.link.close()
        self._note_followed(is_followed=False)

    def note_failure(self, error: BaseException) -> float:
        """Note why a connection ended; return how long to wait before the next one."""
        self._failures += 1
        self._counters["connect_failures"] += 1
        detail = str(error) if isinstance(error, HeadlandError) else f"{type(error).__name__}: {error}"
        if self._state.connected or self._state.detail != detail:
            _LOGGER.warning("no connection to the broker: %s", detail)
        self._set_state(connected=False, detail=detail)
        return _BROKER_BACKOFF.wait_s(self._failures, self._dice())

    def _connect_once(self) -> None:
        """Serve one connection, and wait for the next: it may work, whatever broke this one."""
        wait_s = 0.0
        try:
            self.connect()
            while self.turn():
                if self._state.connected:
                    self._thread.succeed()
                self._rest()
        except HeadlandError as error:
            wait_s = self.note_failure(error)
        except BaseException as error:
            self._counters["errors"] += 1
            self._thread.note_failure(error)
            wait_s = self.note_failure(error)
        finally:
            self.disconnect()
        self._stopping.wait(wait_s)

    def _rest(self) -> None:
        """Let the answers to what was just sent come together where nothing else waits for them.

        Traces time each answer. A PUBACK that deletes a record is not waited for either.
        """
        self._is_woken.clear()  # before the look at the spool: a record that comes after it ends the rest
        is_answered_at_once = self._traces is not None or self._settings.delete_on == "puback"
        if self._sender.has_sent_all and not is_answered_at_once and not self._stopping.is_set():
            self._is_woken.wait(_REST_S)

    def _end(self) -> None:
        self._set_state(connected=False, detail="stopped")

    def _step(self, session: _Session) -> None:
        """Do all work that is due: a change of epoch, resending, sending, descriptors, status."""
        now_s = self._clock.monotonic_s()
        if not session.sending:
            if now_s - session.opened_s > _ANSWER_S:
                raise RetryLater(f"the broker has not answered for {_ANSWER_S:g} s; is it an MQTT 5 broker?")
            return
        if self._may_send(session, now_s):
            self._follow_epoch()
            self._check_stall(now_s)
            if self._settings.delete_on == "puback":
                self._delete_acknowledged(now_s)
            self._sender.send(session.link, session.packet_bytes, self._state.epoch, now_s)
            if self._sender.too_large is not None:
                self._note_too_large(self._sender.too_large, session.packet_bytes)
        if session.offline_mid is None:
            self._announcer.announce(session.link, self._state, now_s)

    def _may_send(self, session: _Session, now_s: float) -> bool:
        """Return whether records may be sent: not before a commit ack has proven the epoch, or a new one has begun."""
        if not self._spool.is_unproven or self._settings.delete_on == "puback":
            return True
        if now_s - session.began_s >= _PROOF_S:
            self._spool.renew_unproven()
        return not self._spool.is_unproven

    def _follow_epoch(self) -> None:
        """Start at the head of the spool where its epoch has changed."""
        if self._state.epoch != self._spool.epoch:
            self._sender.reset()
            self._ack = None
            self._set_state(epoch=self._spool.epoch, acked_seq=None, overdue_ms=None)

    def _handle(self, session: _Session, event: LinkEvent) -> None:
        match event:
            case Closed():
                self._rules_unanswered += session.asks_rules or session.asks_orders
                if session.refusal:
                    raise PeerRefused(self._refusal_sentence(session.refusal))
                # What an earlier connection did with the same settings, the settings do not prevent.
                hint = f": {event.hint}" if event.hint and not self._counters["connects"] else ""
                raise RetryLater(event.reason) if session.connected else PeerRefused(event.reason + hint)
            case Connected():
                session.connected = True
                session.receive_maximum = event.receive_maximum
                session.packet_bytes = event.packet_bytes
                if self._settings.delete_on == "puback":
                    self._begin(session)
                else:
                    session.link.subscribe(ack_topic(self._gateway))
            case Subscribed() if session.sending:
                self._note_rules_answer(session, event.refused)
            case Subscribed():
                if event.refused is not None:
                    raise PeerRefused(
                        f"the broker refuses {self._client_id} the subscription to its commit acks: {event.refused}"
                    )
                self._begin(session)
                self._ask_rules(session)
                if not session.asks_rules:
                    self._ask_orders(session)
            case Acknowledged():
                self._handle_puback(session, event)
            case ReceivedMessage():
                self._handle_message(event)

    def _handle_message(self, message: ReceivedMessage) -> None:
        if self._offer_rules is not None and message.topic == rules_topic(self._gateway):
            self._counters["rules_received"] += 1
            self._offer_rules(message.payload)
        elif self._offer_order is not None and message.topic == order_topic(self._gateway):
            self._offer_order(message.payload)
        else:
            self._handle_ack(message)

    def _ask_rules(self, session: _Session) -> None:
        """Subscribe to the farm's rules; never again at a broker that ends connections for it, as some do."""
        if self._offer_rules is not None and self._rules_unanswered < _MOST_RULES_UNANSWERED:
            session.asks_rules = True
            session.link.subscribe(rules_topic(self._gateway))

    def _ask_orders(self, session: _Session) -> None:
        """Subscribe to the farm's orders, after the rules were answered."""
        if self._offer_order is not None and self._rules_unanswered < _MOST_RULES_UNANSWERED:
            session.asks_orders = True
            session.link.subscribe(order_topic(self._gateway))

    def _note_rules_answer(self, session: _Session, refused: str | None) -> None:
        self._rules_unanswered = 0
        if session.asks_orders:
            session.asks_orders = False
            return
        session.asks_rules = False
        self._ask_orders(session)
        if refused is not None and not self._counters["rules_refused"]:
            _LOGGER.warning("the broker refuses %s the farm's alarm rules: %s", self._gateway, refused)
        self._counters["rules_refused"] += refused is not None

    def _refusal_sentence(self, reason: str) -> str:
        login = self._settings.username or "anonymous"
        return (
            f"the broker refuses messages of {self._gateway} as user {login} ({reason}): check that gateway.id is the"
            " name of this login"
        )

    def _begin(self, session: _Session) -> None:
        session.sending = True
        session.began_s = self._clock.monotonic_s()
        self._counters["connects"] += 1
        self._too_large_seq = 0
        self._announcer.restart()
        self._arrivals.forget_connection()
        if self._traces is not None:
            self._traces.forget_connection()
        self._window.restart(session.receive_maximum, session.began_s)
        _LOGGER.info("connected to %s:%s", self._settings.host, self._settings.port)
        self._set_state(connected=True, detail="")

    def _handle_puback(self, session: _Session, answer: Acknowledged) -> None:
        if answer.mid == session.offline_mid:
            session.offline_mid = -1
        if answer.refused is None:
            self._failures = 0  # the broker accepts messages: a lost connection may return soon
        else:
            session.refusal = answer.refused
        if self._traces is not None:
            self._traces.puback(answer.mid)
        self._arrivals.puback(answer.mid, is_heard=answer.refused is None and not answer.no_subscribers)
        if not self._window.puback(answer.mid):
            self._counters["refused_by_broker"] += answer.refused is not None
            return
        if answer.no_subscribers:
            self._counters["unheard"] += 1
            self._window.note_no_subscribers()
            if not self._too_large_seq:
                self._set_state(detail=_NO_INGEST)
            return
        if answer.refused is None:
            self._counters["pubacks"] += 1
            if self._state.detail and not self._too_large_seq:
                self._set_state(detail="")
            if self._ack is not None and self._ack.seq > self._spool.acked_seq:
                self._apply(self._ack)
            return
        self._counters["refused_by_broker"] += 1
        if self._settings.delete_on == "puback":
            self._window.note_no_subscribers()  # none behind it counts as acknowledged, and it is sent again
        if self._state.detail != answer.refused:
            _LOGGER.warning("the broker refuses data of %s: %s", self._gateway, answer.refused)
            self._set_state(detail=answer.refused)

    def _handle_ack(self, message: ReceivedMessage) -> None:
        ack = decode_record(message.payload, Ack)
        if isinstance(ack, Refused) or message.topic != ack_topic(self._gateway) or ack.seq < 0:
            self._counters["bad_acks"] += 1
            return
        key = self._settings.ack_key
        if key is not None and not is_genuine(ack, self._gateway, key):
            self._note_forged_ack()
            return
        self._note_followed(is_followed=ack.followed)
        # The retained ack may arrive before anything else on a connection.
        self._follow_epoch()
        if not self._apply(ack):
            self._counters["foreign_acks"] += 1
            return
        self._counters["commit_acks"] += 1

    def _apply(self, ack: Ack) -> bool:
        """Delete what an ack covers, as far as it has arrived at the broker; the rest when it has.

        Return False for an ack of another epoch.
        """
        other = None
        if ack.sums and ack.epoch == self._state.epoch:
            other = self._arrivals.find_other(read_sums(ack.sums, ack.seq))
        if not self._spool.confirm(ack.epoch, ack.seq, self._arrivals.upto, other):
            return False
        if not ack.epoch == self._state.epoch == self._spool.epoch:
            return True
        self._ack = ack
        seq, now_s = min(ack.seq, self._spool.acked_seq), self._clock.monotonic_s()
        self._arrivals.drop(seq)
        self._end_traces(seq)
        if self._window.commit(seq, now_s):
            self._set_state(acked_seq=seq, acked_ms=self._clock.now_ms(), overdue_ms=None)
        else:
            self._counters["woken"] += self._window.wake(now_s)
        return True

    def _note_followed(self, *, is_followed: bool) -> None:
        if is_followed != self._is_followed:
            self._is_followed = is_followed
            self.on_followed(is_followed)

    def _note_forged_ack(self) -> None:
        """Count a commit ack that ingest did not sign; it deletes nothing."""
        if not self._counters["forged_acks"]:
            _LOGGER.warning("%s", _FORGED)
        self._counters["forged_acks"] += 1
        self._set_state(detail=_FORGED)

    def _check_stall(self, now_s: float) -> None:
        """Start again at the head where the commit ack is overdue, and record since when."""
        waits_s = self._window.waits_s(now_s)
        if self._window.rewind_when_stalled(now_s):
            self._counters["resends"] += 1
            if self._state.overdue_ms is None and waits_s > 0:
                self._set_state(overdue_ms=self._clock.now_ms() - round(waits_s * 1000))

    def _delete_acknowledged(self, now_s: float) -> None:
        """Delete the records that the broker has acknowledged: no commit ack will come."""
        if now_s < self._delete_due_s:
            return
        self._delete_due_s = now_s + _DELETE_S
        seq = self._window.acknowledged_upto()
        if self._window.commit(seq, now_s) and self._spool.confirm(self._state.epoch, seq):
            self._end_traces(seq)
            self._set_state(acked_seq=seq, acked_ms=self._clock.now_ms())

    def _end_traces(self, seq: int) -> None:
        if self._traces is not None:
            self._traces.committed(self._state.epoch, seq)

    def _note_too_large(self, record: SpoolRecord, packet_bytes: int) -> None:
        detail = f"the broker accepts {packet_bytes} bytes a message; record {record.seq} has {len(record.payload)}"
        if self._too_large_seq != record.seq:
            self._too_large_seq = record.seq
            self._set_state(detail=detail)
            self._counters["too_large"] += 1
            _LOGGER.error("%s: raise the broker's max_packet_size to 262144", detail)

    def _is_drained(self, session: _Session) -> bool:
        """Return whether the stop may end the connection now; its last message is the offline status."""
        if not self._stopping.is_set():
            return False
        now_s = self._clock.monotonic_s()
        if session.offline_mid is None:
            if now_s < self._drain_until_s and self._spool.status().records:
                return False
            if not session.sending:
                return True
            session.offline_mid = self._announcer.publish_offline(session.link, self._state)
            session.offline_s = now_s
        return session.offline_mid in (None, -1) or now_s - session.offline_s > _OFFLINE_S

    def _idle_s(self) -> float:
        """Return how long `pump` may wait: 0 while there is more to send."""
        if self._sender.is_busy and not self._sender.wait_s:
            return 0.0
        idle_s = 0.05 if self._stopping.is_set() or self._settings.delete_on == "puback" else 0.5
        return min(idle_s, self._sender.wait_s) if self._sender.wait_s else idle_s

    def _set_state(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)


def _new_instance(dice: Callable[[], float]) -> str:
    """Return a name for this start of the process."""
    return f"{int(dice() * 2**52):013x}"
