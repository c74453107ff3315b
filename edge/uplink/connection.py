"""One MQTT 5 connection to the broker, driven by its caller's thread; events are returned as values."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink.settings import BrokerSettings
from headland.errors import RetryLater, SettingsError
from headland.network.mqtt_client import MqttTls, make_client, make_properties, use_tls

#: The largest message this side accepts; its topics carry small records.
_RECEIVE_BYTES: Final = 256 * 1024
#: MQTT 5 section 3.2.2.3.3: the limit of a broker that states none.
_DEFAULT_RECEIVE_MAXIMUM: Final = 65_535
#: MQTT 5 section 2.1.4: a packet's length has at most four bytes, 268,435,455, and five bytes come before it.
_DEFAULT_PACKET_BYTES: Final = 268_435_460
_CONNECT_S: Final = 3.0
#: A broker that refuses a connection before MQTT begins, as for TLS, closes it within this time.
_REFUSAL_S: Final = 2.0
#: MQTT 5 table 3-1; paho reads a 3.1.1 broker's refusal of the version as this one.
_UNSUPPORTED_VERSION: Final = 0x84
_MQTT_5: Final = "it speaks MQTT 3.1.1 only; use an MQTT 5 broker, such as mosquitto 2, EMQX, HiveMQ or RabbitMQ 4"
#: MQTT 5 table 3-4: accepted, but there are no subscribers.
_NO_SUBSCRIBERS: Final = 0x10


@dataclass(frozen=True, slots=True)
class Will:
    """The last will: the broker publishes it, retained, when this connection breaks."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker accepted the connection; its limits."""

    receive_maximum: int
    packet_bytes: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection was refused or has ended; `reason` is a sentence, `hint` a remedy where none has worked before."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered the subscription; `refused` is its reason for a refusal."""

    refused: str | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker's PUBACK of message `mid`; `refused` is its reason for a refusal.

    `no_subscribers`: the broker accepted the message and had nobody to deliver it to, so that it is lost.
    """

    mid: int
    refused: str | None
    no_subscribers: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message on a subscribed topic."""

    topic: str
    payload: bytes


LinkEvent = Connected | Closed | Subscribed | Acknowledged | ReceivedMessage


class MessageLink(Protocol):
    """A connection to a broker for one use, as `BrokerLink` is and as a simulation makes them."""

    def open(self) -> None:
        """Connect; `pump` returns the broker's answer. Raises RetryLater, and SettingsError for bad TLS files."""
        ...

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic with QoS 1; `pump` returns the answer."""
        ...

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, labels: Sequence[tuple[str, str]] = ()
    ) -> int | None:
        """Send a message with QoS 1; return its mid, or None where the link is lost."""
        ...

    def pump(self, timeout_s: float) -> list[LinkEvent]:
        """Return the events since the last call, waiting at most `timeout_s` for the first."""
        ...

    def wake(self) -> None:
        """Make a waiting `pump` return; callable from any thread."""
        ...

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        ...


class _UserProperties(Properties):
    """The user properties of a PUBLISH, packed at once: paho's own packing costs a fifth of the time of a message.

    MQTT 5 section 2.2.2: their length as a variable byte integer, then for each 0x26 and two strings.
    """

    _packed: bytes

    def __init__(self, labels: Sequence[tuple[str, str]]) -> None:
        body = bytearray()
        for label in labels:
            body.append(0x26)
            for text in label:
                data = text.encode()
                body += len(data).to_bytes(2, "big") + data
        length: bytes = VariableByteIntegers.encode(len(body))  # type: ignore[no-untyped-call] # paho leaves it untyped
        # Properties refuses names that are not MQTT's when they are set in the usual way.
        object.__setattr__(self, "_packed", length + bytes(body))

    def pack(self) -> bytes:
        """Return the encoded properties."""
        return self._packed


class BrokerLink:
    """A connection for one use: after `Closed` make another.

    With a new client for each connection paho never resends anything by itself: the uplink decides from the spool what
    is sent. All calls but `wake` belong to the owner's thread; paho's callbacks run within `pump` and `publish` and
    only note events, because paho holds its locks meanwhile.
    """

    def __init__(self, settings: BrokerSettings, client_id: str, will: Will | None) -> None:
        self._settings = settings
        self._events: list[LinkEvent] = []
        self._answered = False
        self._opened_s = 0.0
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        # The send window never exceeds what both sides allow; paho's own, smaller window would only queue.
        client = make_client(client_id, settings.username, settings.password, connect_s=_CONNECT_S, most_inflight=0)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        self._client = client

    def open(self) -> None:
        """Connect; `pump` returns the broker's answer. Raises RetryLater, and SettingsError for bad TLS files."""
        settings = self._settings
        if settings.tls is not None:
            tls = settings.tls
            try:
                use_tls(self._client, MqttTls(tls.ca, tls.cert, tls.key))
            except (OSError, ssl.SSLError, ValueError) as error:
                raise SettingsError(f"broker.tls: {error}") from error
        properties = make_properties(PacketTypes.CONNECT, MaximumPacketSize=_RECEIVE_BYTES)
        self._opened_s = time.monotonic()
        try:
            self._client.connect(
                settings.host, settings.port, settings.keepalive_s, clean_start=True, properties=properties
            )
        except (OSError, ValueError) as error:
            raise RetryLater(f"the broker {settings.host}:{settings.port} cannot be reached: {error}") from error

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic with QoS 1; `pump` returns the answer."""
        self._client.subscribe(topic, qos=1)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, labels: Sequence[tuple[str, str]] = ()
    ) -> int | None:
        """Send a message with QoS 1 and `labels` as user properties; return its mid, or None where the link is lost."""
        properties = _UserProperties(labels) if labels else None
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def pump(self, timeout_s: float) -> list[LinkEvent]:
        """Read and write bytes, waiting at most `timeout_s`; return the events since the last call."""
        peer = self._client.socket()
        if peer is not None and not self._events:
            waiting = getattr(peer, "pending", lambda: 0)()
            writers = [peer] if self._client.want_write() else []
            readable, writable, _ = select.select(
                [peer, self._wake_read], writers, [], 0.0 if waiting else max(0.0, timeout_s)
            )
            if self._wake_read in readable:
                with suppress(BlockingIOError):
                    self._wake_read.recv(4096)
            if peer in readable or waiting:
                self._client.loop_read()
            if peer in writable:
                self._client.loop_write()
            self._client.loop_misc()
        events, self._events = self._events, []
        if self._client.socket() is None and not any(isinstance(event, Closed) for event in events):
            events.append(Closed("the connection ended"))
        return events

    def wake(self) -> None:
        """Make a waiting `pump` return; callable from any thread."""
        with suppress(OSError):
            self._wake_write.send(b"\0")

    def close(self) -> None:
        """Disconnect, and close the sockets; a second call does nothing."""
        with suppress(OSError):
            self._client.disconnect()
        self._wake_read.close()
        self._wake_write.close()

    def _on_connect(
        self, client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client
        self._answered = True
        if reason.is_failure:
            hint = _MQTT_5 if reason.value == _UNSUPPORTED_VERSION else ""
            self._events.append(Closed(f"the broker refused the connection: {reason}", hint))
            return
        receive_maximum = getattr(properties, "ReceiveMaximum", _DEFAULT_RECEIVE_MAXIMUM)
        packet_bytes = getattr(properties, "MaximumPacketSize", _DEFAULT_PACKET_BYTES)
        self._events.append(Connected(receive_maximum, packet_bytes))

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if self._answered:
            self._events.append(Closed(f"the connection ended: {reason}"))
        elif time.monotonic() - self._opened_s > _REFUSAL_S:
            self._events.append(Closed("the connection ended before the broker answered"))
        else:
            self._events.append(Closed("the broker closed the connection before it answered", self._hint_unanswered()))

    def _hint_unanswered(self) -> str:
        """Return the remedy for a connection that was closed at once and without an answer, as TLS refusals are."""
        tls = self._settings.tls
        if tls is None:
            return "perhaps it requires TLS on this port (broker.tls)"
        if tls.cert is None:
            return "perhaps it requires a certificate of this gateway (broker.tls.cert and key)"
        return f"perhaps it does not trust the certificate {tls.cert}"

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        refused = next((str(reason) for reason in reasons if reason.is_failure), None)
        self._events.append(Subscribed(refused))

    def _on_publish(
        self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        refused = str(reason) if reason.is_failure else None
        self._events.append(Acknowledged(mid, refused, no_subscribers=reason.value == _NO_SUBSCRIBERS))

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._events.append(ReceivedMessage(message.topic, bytes(message.payload)))
