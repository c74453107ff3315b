"""One subscribing connection to a broker, driven by its caller's thread; messages are returned as values."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.sources.mqtt.settings import MqttSettings
from headland.errors import RetryLater, SettingsError
from headland.network.mqtt_client import MQTT_3_1_1, MqttTls, make_client, use_tls

_KEEPALIVE_S: Final = 30
#: The longest connection attempt: a stop must complete within a second.
_CONNECT_S: Final = 0.8


class BrokerMessage(NamedTuple):
    """A message; `retained` where the broker stored it before the subscription."""

    topic: str
    payload: bytes
    retained: bool


class Subscriber:
    """A connection for one use, with a clean session: a message received later has no true time of arrival."""

    def __init__(self, settings: MqttSettings, client_id: str) -> None:
        self._address = f"{settings.host}:{settings.port}"
        self._settings = settings
        self._messages: list[BrokerMessage] = []
        self._fault = ""
        client = make_client(
            client_id,
            settings.username,
            settings.password,
            protocol=MQTT_3_1_1,
            connect_s=_CONNECT_S,
            clean_session=True,
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        self._topics: list[str] = []
        self._connected = False
        self._first_mid: int | None = None
        #: The number of topics that the broker refuses, while it accepts others.
        self.refused_topics = 0

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the connection."""
        return self._connected

    def open(self, topics: Sequence[str]) -> None:
        """Connect and subscribe. Raises RetryLater, and SettingsError for a bad certificate file."""
        settings = self._settings
        self._topics = list(topics)
        if settings.tls:
            try:
                use_tls(self._client, MqttTls(settings.ca))
            except (OSError, ssl.SSLError, ValueError) as error:
                raise SettingsError(f"ca of {settings.name}: {error}") from error
        try:
            self._client.connect(settings.host, settings.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise RetryLater(f"the broker {self._address} cannot be reached: {error}") from error

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to further topics."""
        self._topics += topics
        if topics and self._connected:
            self._client.subscribe([(topic, 1) for topic in topics])

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish a message, where the connection is up."""
        if self._connected:
            self._client.publish(topic, payload)

    def receive(self, wait_s: float) -> list[BrokerMessage]:
        """Return the received messages, waiting at most `wait_s`. Raises RetryLater when the connection has ended."""
        code = self._client.loop(wait_s)
        messages, self._messages = self._messages, []
        if messages:
            return messages
        if self._fault or code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise RetryLater(f"the broker {self._address} is lost: {self._fault or code.name}")
        return []

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError, ValueError):
            self._client.disconnect()
        peer = self._client.socket()
        if peer is not None:
            peer.close()

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._fault = f"it refuses the connection: {reason}"
            return
        self._connected = True
        self._first_mid = self._client.subscribe([(topic, 1) for topic in self._topics])[1]

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._fault = self._fault or str(reason)

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = sum(reason.is_failure for reason in reasons)
        if mid == self._first_mid and refused == len(reasons):
            self._fault = f"it refuses the subscription to {', '.join(self._topics[:3])}"
        else:
            self.refused_topics += refused

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # MQTT 3.1.1 section 1.5.3 forbids such a topic
        self._messages.append(BrokerMessage(topic, bytes(message.payload), message.retain))
