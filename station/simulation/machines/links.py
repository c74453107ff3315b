"""Simulated MQTT clients: the uplink's link, and the client of ingest's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink.connection import (
    Acknowledged,
    Closed,
    Connected,
    LinkEvent,
    ReceivedMessage,
    Subscribed,
    Will,
)
from headland.errors import RetryLater
from ingest.mqtt.inbox import InboundMessage
from station.simulation.machines.broker import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Publish,
    PublishedMessage,
    Suback,
    Subscribe,
)
from station.simulation.machines.network import Connection, Line, Network

_RECEIVE_MAXIMUM: Final = 65_535
_SUCCESS: Final = ReasonCode(PacketTypes.CONNACK, "Success")
_GRANTED: Final = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")
_CLOSED: Final = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")


class SimulatedLink:
    """A connection of the uplink, with the interface of `edge.uplink.connection.BrokerLink`.

    `wake_owner` is called when something has arrived, `note_publish` with each record that is sent.
    """

    def __init__(
        self,
        network: Network,
        line: Line,
        client_id: str,
        will: Will | None,
        wake_owner: Callable[[], None],
        note_publish: Callable[[Mapping[str, str], bytes], None],
    ) -> None:
        self._network = network
        self._line = line
        self._client_id = client_id
        self._will = None if will is None else PublishedMessage(will.topic, will.payload, retain=True)
        self._wake_owner = wake_owner
        self._note_publish = note_publish
        self._connection: Connection | None = None
        self._events: list[LinkEvent] = []
        self._received: list[int] = []
        self._last_mid = 0

    def open(self) -> None:
        """Connect. Raises RetryLater."""
        try:
            self._connection = self._network.open(self._line, self)
        except OSError as error:
            raise RetryLater(f"the broker cannot be reached: {error}") from error
        self._connection.send_up(Connect(self._client_id, True, _RECEIVE_MAXIMUM, self._will))

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic."""
        if self._connection is not None:
            self._connection.send_up(Subscribe((topic,)))

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, labels: Sequence[tuple[str, str]] = ()
    ) -> int | None:
        """Send a message; return its mid, or None where the link is lost."""
        if self._connection is None:
            return None
        self._last_mid = self._last_mid % 65_535 + 1
        self._connection.send_up(Publish(self._last_mid, PublishedMessage(topic, payload, tuple(labels), retain)))
        if labels:
            self._note_publish(dict(labels), payload)
        return self._last_mid

    def pump(self, timeout_s: float) -> list[LinkEvent]:
        """Return the events since the last call; never waits: the simulation calls when something has arrived."""
        del timeout_s
        if self._connection is not None:
            for mid in self._received:
                self._connection.send_up(Puback(mid))
        self._received.clear()
        events, self._events = self._events, []
        return events

    def wake(self) -> None:
        """Have the owner called."""
        self._wake_owner()

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.send_up(Disconnect())
            self._connection.close_up()
            self._connection = None

    def die(self, *, with_power: bool) -> None:
        """End with the process; with its machine's power, no end of the connection is sent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if with_power:
                connection.vanish()
            else:
                connection.close_up()

    def arrive(self, packet: Packet) -> None:
        """Receive a packet."""
        match packet:
            case Connack():
                self._events.append(Connected(packet.receive_maximum, packet.packet_bytes))
            case Suback():
                self._events.append(Subscribed(None))
            case Puback():
                self._events.append(Acknowledged(packet.mid, None, no_subscribers=not packet.has_subscribers))
            case Publish():
                self._received.append(packet.mid)
                self._events.append(ReceivedMessage(packet.message.topic, packet.message.payload))
        self._wake_owner()

    def ended(self, reason: str) -> None:
        """Receive the end of the connection."""
        self._connection = None
        self._events.append(Closed(reason))
        self._wake_owner()


class SimulatedClient:
    """An MQTT client of ingest, with what `Subscriber` uses of `ingest.mqtt.publish_reader.PublishReader`."""

    def __init__(self, network: Network, line: Line, wake_owner: Callable[[], None], client_id: str) -> None:
        self._network = network
        self._line = line
        self._wake_owner = wake_owner
        self._client_id = client_id
        self._connection: Connection | None = None
        self._arrived: list[Packet] = []
        self._to_send: list[Packet] = []
        self._end_reason: str | None = None
        self._last_mid = 0
        self.generation = 0
        self.connect_timeout = 0.0
        self.on_connect: Any = None
        self.on_disconnect: Any = None
        self.on_subscribe: Any = None
        self.on_message: Any = None
        self.on_publishes: Any = None
        self.on_socket_register_write: Any = None

    def max_queued_messages_set(self, _: int) -> None:
        """Accept paho's setting."""

    def connect(self, *_: Any, properties: Any, **__: Any) -> None:
        """Connect to the session. Raises OSError."""
        self._connection = self._network.open(self._line, self)
        self._connection.send_up(Connect(self._client_id, False, properties.ReceiveMaximum))

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Subscribe."""
        self._send(Subscribe(tuple(name for name, _ in filters)))

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Queue PUBACKs: the loop sends them."""
        for mid in mids:
            self._send(Puback(mid))

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> SimpleNamespace:
        """Queue a message: the loop sends it."""
        del qos
        if self._connection is None:
            return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_NO_CONN)
        self._last_mid = self._last_mid % 65_535 + 1
        self._send(Publish(self._last_mid, PublishedMessage(topic, payload, (), retain)))
        return SimpleNamespace(rc=MQTTErrorCode.MQTT_ERR_SUCCESS)

    def disconnect(self) -> None:
        """Disconnect; the broker keeps the session."""
        if self._connection is not None:
            self._flush()
            self._connection.send_up(Disconnect())
            self._connection.close_up()
            self.ended("disconnected")

    def die(self, *, with_power: bool) -> None:
        """End with the process."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if with_power:
                connection.vanish()
            else:
                connection.close_up()

    def loop(self, timeout_s: float) -> MQTTErrorCode:
        """Send what is queued, hand on what has arrived; never waits."""
        del timeout_s
        arrived, self._arrived = self._arrived, []
        messages: list[InboundMessage] = []
        for packet in arrived:
            match packet:
                case Publish():
                    message = packet.message
                    labels = dict(message.labels)
                    messages.append(
                        InboundMessage(
                            self.generation, packet.mid, 1, message.topic, message.payload, message.retain, labels
                        )
                    )
                case Connack():
                    flags = SimpleNamespace(session_present=packet.session_present)
                    self.on_connect(self, None, flags, _SUCCESS, None)
                case Suback():
                    self.on_subscribe(self, None, 0, [_GRANTED] * packet.count, None)
        if messages:
            self.on_publishes(messages)
        self._flush()
        if self._end_reason is not None:
            self.on_disconnect(self, None, None, _CLOSED, None)
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def arrive(self, packet: Packet) -> None:
        """Receive a packet."""
        self._arrived.append(packet)
        self._wake_owner()

    def ended(self, reason: str) -> None:
        """Receive the end of the connection."""
        self._connection = None
        self._end_reason = reason
        self._wake_owner()

    def _send(self, packet: Packet) -> None:
        self._to_send.append(packet)
        self._wake_owner()

    def _flush(self) -> None:
        packets, self._to_send = self._to_send, []
        if self._connection is not None:
            for packet in packets:
                self._connection.send_up(packet)
