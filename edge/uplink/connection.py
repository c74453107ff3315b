"""One MQTT 5 connection to the broker, driven by its caller's thread: what happened comes out as values."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink.settings import BrokerSettings
from headland.errors import RetryLater, SettingsError

#: The largest message this side takes; its own topics carry small records.
_RECEIVE_BYTES: Final = 256 * 1024
#: MQTT 5 section 3.2.2.3.3: what a broker that does not say allows.
_DEFAULT_RECEIVE_MAXIMUM: Final = 65_535
#: MQTT 5 section 2.1.4: a packet's length has at most four bytes, 268,435,455, and five bytes come before it.
_DEFAULT_PACKET_BYTES: Final = 268_435_460
_CONNECT_S: Final = 3.0
#: MQTT 5 table 3-4: accepted, but there are no subscribers.
_NO_SUBSCRIBERS: Final = 0x10


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when this connection breaks."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The broker took the connection and said its limits."""

    receive_maximum: int
    packet_bytes: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection was refused or has ended."""

    why: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered the subscription; `refused` is its reason where it said no."""

    refused: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """The broker answered message `mid`; `refused` is its reason where it did not take it.

    `unheard` where it took the message and has nobody to give it to, so that it is gone.
    """

    mid: int
    refused: str | None
    unheard: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message came."""

    topic: str
    payload: bytes


Happening = Accepted | Closed | Subscribed | Taken | ReceivedMessage


class _UserProperties(Properties):
    """The user properties of a PUBLISH, packed at once: paho's own way through its tables costs a fifth of a message.

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
        """Return the bytes that go on the wire."""
        return self._packed


class BrokerLink:
    """A connection that lives once: after `Closed` make another.

    A fresh client for each connection means that paho never resends anything of its own: what is on the way is
    decided above, from the spool. All calls but `wake` are the owner's thread's; paho's callbacks run within `pump`
    and `publish` and only note what happened, since paho holds its locks meanwhile.
    """

    def __init__(self, settings: BrokerSettings, client_id: str, will: Will | None) -> None:
        self._settings = settings
        self._happened: list[Happening] = []
        self._answered = False
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.connect_timeout = _CONNECT_S
        # The window above never has more on the way than both sides allow; paho's own, smaller one would only queue.
        client.max_inflight_messages_set(0)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        self._client = client

    def open(self) -> None:
        """Connect; the broker's answer comes out of `pump`. Raises RetryLater, and SettingsError for bad TLS files."""
        settings = self._settings
        if settings.tls is not None:
            tls = settings.tls
            try:
                self._client.tls_set(ca_certs=tls.ca, certfile=tls.cert, keyfile=tls.key)
            except (OSError, ssl.SSLError, ValueError) as error:
                raise SettingsError(f"broker.tls: {error}") from error
        properties = _new_properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = _RECEIVE_BYTES
        try:
            self._client.connect(
                settings.host, settings.port, settings.keepalive_s, clean_start=True, properties=properties
            )
        except (OSError, ValueError) as error:
            raise RetryLater(f"the broker {settings.host}:{settings.port} cannot be reached: {error}") from error

    def subscribe(self, topic: str) -> None:
        """Ask for a topic with QoS 1; the answer comes out of `pump`."""
        self._client.subscribe(topic, qos=1)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, labels: Sequence[tuple[str, str]] = ()
    ) -> int | None:
        """Send a message with QoS 1 and `labels` as user properties; return its mid, or None where the link is gone."""
        properties = _UserProperties(labels) if labels else None
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def pump(self, timeout_s: float) -> list[Happening]:
        """Move bytes, waiting at most `timeout_s` for some; return what happened since the last call."""
        peer = self._client.socket()
        if peer is not None and not self._happened:
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
        happened, self._happened = self._happened, []
        if self._client.socket() is None and not any(isinstance(one, Closed) for one in happened):
            happened.append(Closed("the connection ended"))
        return happened

    def wake(self) -> None:
        """Make a waiting `pump` return; callable from any thread."""
        with suppress(OSError):
            self._wake_write.send(b"\0")

    def close(self) -> None:
        """Say goodbye where the broker still listens, and let the sockets go; a second call does nothing."""
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
            self._happened.append(Closed(f"the broker refused the connection: {reason}"))
            return
        receive_maximum = getattr(properties, "ReceiveMaximum", _DEFAULT_RECEIVE_MAXIMUM)
        packet_bytes = getattr(properties, "MaximumPacketSize", _DEFAULT_PACKET_BYTES)
        self._happened.append(Accepted(receive_maximum, packet_bytes))

    def _on_disconnect(
        self, _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._happened.append(Closed(f"the connection ended: {reason}" if self._answered else self._why_unanswered()))

    def _why_unanswered(self) -> str:
        """Return the sentence for a broker that ended the connection instead of answering: TLS says no in this way."""
        said = "the broker ended the connection before it answered"
        tls = self._settings.tls
        if tls is None:
            return f"{said}: perhaps it wants TLS on this port (broker.tls)"
        if tls.cert is None:
            return f"{said}: perhaps it wants a certificate of this gateway (broker.tls.cert and key)"
        return f"{said}: perhaps it does not trust the certificate {tls.cert}"

    def _on_subscribe(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        refused = next((str(reason) for reason in reasons if reason.is_failure), None)
        self._happened.append(Subscribed(refused))

    def _on_publish(
        self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        refused = str(reason) if reason.is_failure else None
        self._happened.append(Taken(mid, refused, unheard=reason.value == _NO_SUBSCRIBERS))

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._happened.append(ReceivedMessage(message.topic, bytes(message.payload)))


def _new_properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call] # paho leaves this class untyped
