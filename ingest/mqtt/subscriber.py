"""MQTT 5 session of an ingest worker: incoming messages go to the inbox, acknowledgements to the broker.

One named thread owns the network. Each connection is a fresh paho client on the same broker session, so that an
acknowledgement of a former connection can only reach that connection's closed socket, never a message that has the same
packet id now. The broker redelivers what was not acknowledged.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from headland.clock import MACHINE_CLOCK, MachineClock
from headland.contract.codec import encode_record
from headland.contract.records import Ack
from headland.contract.topics import ROOT, ack_topic
from headland.network.mqtt_client import make_properties
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from ingest.mqtt.broker_client import broker_client
from ingest.mqtt.inbox import HANDED_OVER, InboundMessage, Inbox
from ingest.mqtt.publish_reader import PublishReader
from ingest.settings import ALL_SHARDS, IngestSettings

_LOGGER = logging.getLogger(__name__)

#: Size limit of a packet: above every valid message, so that a larger one is received and refused.
MAX_PACKET_BYTES: Final = 256 * 1024
_LOOP_S: Final = 1.0
#: How often that may pass until the broker answers a session that is to be forgotten.
_FORGET_LOOPS: Final = 5
_OVERDUE_S: Final = 120.0
_MAX_QUEUED_ACKS: Final = 1000
#: A network loop without an iteration for this long is stuck, whatever the state of the socket.
_STUCK_AFTER_S: Final = 30.0
#: MQTT 5 table 3-1; paho reads a 3.1.1 broker's refusal of the version as this one.
_UNSUPPORTED_VERSION: Final = 0x84
#: Wait before a refused subscription is tried again: the access list may have been corrected.
_SUBSCRIBE_AGAIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class SessionState:
    """State of the session: `ready` once subscribed, else `detail` is the reason."""

    ready: bool
    detail: str
    generation: int
    sessions_lost: int
    callback_errors: int
    stale_acks: int


class Subscriber:
    """Keeps the session: reconnects with a capped back-off for ever.

    The thread only calls `connect`, `turn` and `note_end`; a simulation calls them itself.
    """

    def __init__(
        self,
        settings: IngestSettings,
        inbox: Inbox,
        clock: MachineClock = MACHINE_CLOCK,
        make_client: Callable[..., Any] = PublishReader,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._former = settings.former_client_id
        self._monotonic_s = clock.monotonic_s
        self._make_reader = make_client
        self._thread = SupervisedThread(
            "ingest-network", self._connect_once, overdue_after_s=_OVERDUE_S, finish=self._end, reports_success=True
        )
        self._stopping = self._thread.stopping
        # Guards the pair (generation, client): only acknowledgements and a new connection touch it.
        self._lock = threading.Lock()
        self._client: PublishReader | None = None
        self._generation = self._generation_before = 0
        self._wait_s = settings.reconnect_min_s
        self._ready = False
        self._detail = "not connected yet"
        self._last_loop_s = self._monotonic_s()
        self._refused_s: float | None = None
        self._sessions_lost = 0
        self._callback_errors = 0
        self._stale_acks = 0
        self.on_session: Callable[[], None] = _do_nothing
        #: Returns a message with what traces note at its arrival; None where traces are off.
        self.mark_arrival: Callable[[InboundMessage], InboundMessage] | None = None

    def start(self) -> None:
        """Start the network thread, which connects when the broker is available."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect and end the thread; the broker keeps the session."""
        self._stopping.set()
        self.redeliver()
        self._thread.join(10)

    def redeliver(self) -> None:
        """Begin a new connection: the broker then sends again what was not acknowledged."""
        with self._lock:
            client = self._client
        if client is not None:
            client.disconnect()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the network thread."""
        return [self._thread.status()]

    def state(self) -> SessionState:
        """Return the state of the session now."""
        ready, detail = self._ready, self._detail
        if not self._thread.is_alive():
            ready, detail = False, "the network thread is not running"
        elif self._monotonic_s() - self._last_loop_s > _STUCK_AFTER_S:
            ready, detail = False, "the network thread is stuck"
        return SessionState(
            ready, detail, self._generation, self._sessions_lost, self._callback_errors, self._stale_acks
        )

    def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """Send the PUBACK of each message of the present connection; the broker sends the others again."""
        messages = [message for message in messages if message.generation != HANDED_OVER]
        with self._lock:
            client = self._client
            present = (
                [message for message in messages if message.generation == self._generation]
                if client is not None
                else []
            )
            self._stale_acks += len(messages) - len(present)
            if client is not None:
                client.acknowledge([message.mid for message in present if message.qos == 1])

    def publish_ack(self, gateway: str, ack: Ack) -> bool:
        """Publish a gateway's commit ack, retained; return False where the connection does not accept it now."""
        with self._lock:
            if not self._ready or self._client is None:
                return False
            sent = self._client.publish(ack_topic(gateway), encode_record(ack), qos=1, retain=True)
            return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def connect(self) -> PublishReader:
        """Begin a connection and return its client. Raises OSError where the broker cannot be reached."""
        settings = self._settings
        if self._former is not None and forget_session(settings, self._former):
            self._former = None
        client = self._make_client()
        client.connect(
            settings.host,
            settings.port,
            keepalive=settings.keepalive_s,
            clean_start=False,
            properties=_connect_properties(settings),
        )
        self._generation_before = self._generation
        return client

    def turn(self, client: PublishReader) -> bool:
        """Read and write what the connection has; return False where it has ended."""
        if client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._last_loop_s = now_s = self._monotonic_s()
        if self._refused_s is not None and now_s - self._refused_s > _SUBSCRIBE_AGAIN_S:
            self._subscribe(client)
        if self._stopping.is_set():
            client.disconnect()
        return True

    def note_end(self, error: BaseException | None = None) -> float:
        """Note the end of a connection, and its error; return how long to wait before the next one."""
        settings = self._settings
        if isinstance(error, OSError):
            self._lose(f"the broker at {settings.host}:{settings.port} cannot be reached: {error}")
        elif error is not None:
            # A broken callback or library ends this connection, never the thread.
            self._callback_errors += 1
            self._lose("the MQTT session broke on an internal error, see the log")
            self._thread.note_failure(error)
        began = self._generation > self._generation_before
        self._wait_s = settings.reconnect_min_s if began else self._wait_s * 2
        self._wait_s = min(self._wait_s, settings.reconnect_max_s)
        self._last_loop_s = self._monotonic_s()
        return self._wait_s

    def _connect_once(self) -> None:
        """Hold one connection until it ends, and wait for the next."""
        try:
            client = self.connect()
            while self.turn(client):
                if self._ready:
                    self._thread.succeed()
        except BaseException as error:
            wait_s = self.note_end(error)
        else:
            wait_s = self.note_end()
        self._stopping.wait(wait_s)

    def _end(self) -> None:
        self._lose("stopped")

    def _make_client(self) -> PublishReader:
        settings = self._settings
        client: PublishReader = broker_client(
            settings,
            settings.client_id,
            kind=self._make_reader,
            most_queued=_MAX_QUEUED_ACKS,
            max_packet_bytes=MAX_PACKET_BYTES,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_connect = partial(self._on_connect, client)
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publishes = self._on_publishes
        # With this hook set, only the thread of the loop writes. Without it a publish or ack from the writer's thread
        # writes to the socket itself, beside the loop, and packets can interleave.
        client.on_socket_register_write = _defer_to_loop
        return client

    def _on_connect(
        self, reader: PublishReader, _: Client, __: Any, flags: ConnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if code.is_failure:
            is_old = code.value == _UNSUPPORTED_VERSION
            self._lose(
                "the broker speaks MQTT 3.1.1 only, and ingest needs an MQTT 5 broker"
                if is_old
                else f"the broker refuses the login: {code}"
            )
            return
        with self._lock:
            if self._generation > 0 and not flags.session_present:
                self._sessions_lost += 1
            self._inbox.forget(redelivered=flags.session_present)
            self._generation += 1
            self._client = reader
            reader.generation = self._generation
        self._subscribe(reader)

    def _subscribe(self, client: Client) -> None:
        self._refused_s = None
        client.subscribe([(topic, 1) for topic in subscriptions(self._settings.shards)])

    def _on_subscribe(self, _: Client, __: Any, ___: int, codes: list[ReasonCode], ____: Properties | None) -> None:
        refused = sum(code.is_failure for code in codes)
        if refused:
            self._refused_s = self._monotonic_s()
            self._lose(f"the broker refuses {refused} of {len(codes)} subscriptions: check its access list")
            return
        self._detail = "subscribed"
        self._ready = True
        self.on_session()

    def _on_disconnect(
        self, client: Client, _: Any, __: DisconnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        with self._lock:
            if self._client is client:
                self._client = None
        if self._ready:
            self._lose(f"the connection to the broker was lost: {code}")

    def _on_publishes(self, messages: Sequence[InboundMessage]) -> None:
        mark = self.mark_arrival
        self._inbox.put_all(messages if mark is None else [mark(message) for message in messages])

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        pairs = getattr(message.properties, "UserProperty", ())
        self._on_publishes(
            (
                InboundMessage(
                    self._generation,
                    message.mid,
                    message.qos,
                    message.topic,
                    bytes(message.payload),
                    bool(message.retain),
                    dict(pairs),
                ),
            )
        )

    def _lose(self, detail: str) -> None:
        self._ready = False
        if detail != self._detail:
            _LOGGER.info("%s", detail)
        self._detail = detail


def forget_session(settings: IngestSettings, client_id: str) -> bool:
    """End a session of this login at the broker for good; return whether the broker did. Raises OSError.

    Without it the broker would queue every message for a worker that no longer comes.
    """
    client = broker_client(settings, client_id)
    answers: list[bool] = []
    client.on_connect = lambda _client, _data, _flags, code, _properties: answers.append(not code.is_failure)
    # A clean start without properties: the session ends with the connection.
    client.connect(settings.host, settings.port, keepalive=settings.keepalive_s, clean_start=True)
    for _ in range(_FORGET_LOOPS):
        if answers or client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            break
    client.disconnect()
    client.loop(_LOOP_S)
    return answers == [True]


def subscriptions(shards: frozenset[int]) -> list[str]:
    """Return the topic filters of a worker with `shards`."""
    words = ["+"] if shards == ALL_SHARDS else [str(shard) for shard in sorted(shards)]
    data = [f"{ROOT}/data/{word}/+" for word in words]
    return [*data, f"{ROOT}/senml/+/+", f"{ROOT}/meta/+/+", f"{ROOT}/status/+"]


def _connect_properties(settings: IngestSettings) -> Properties:
    properties: Properties = make_properties(
        PacketTypes.CONNECT,
        SessionExpiryInterval=settings.session_expiry_s,
        ReceiveMaximum=settings.receive_maximum,
        MaximumPacketSize=MAX_PACKET_BYTES,
    )
    return properties


def _defer_to_loop(_: Client, __: Any, ___: Any) -> None:
    return None


def _do_nothing() -> None:
    return None
