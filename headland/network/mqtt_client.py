"""MQTT clients: the one place that makes them, with login, TLS, limits and small packets sent at once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties

MQTT_3_1_1: Final = MQTTProtocolVersion.MQTTv311
MQTT_5: Final = MQTTProtocolVersion.MQTTv5
#: A connection that is not made within this time [s] is not made.
CONNECT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class MqttTls:
    """Files of a TLS connection: whom to trust, by default the system's authorities, and a client's certificate."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


def make_client(
    client_id: str,
    username: str | None = None,
    password: str | None = None,
    *,
    tls: MqttTls | None = None,
    protocol: MQTTProtocolVersion = MQTT_5,
    connect_s: float = CONNECT_S,
    most_inflight: int | None = None,
    most_queued: int | None = None,
    kind: Callable[..., Client] = Client,
    **settings: Any,
) -> Client:
    """Return a client that is not connected; `kind` makes it, and `settings` are that one's own.

    `most_inflight` 0 has no limit. Raises OSError, ssl.SSLError and ValueError for bad files of TLS.
    """
    client = kind(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, **settings)
    client.connect_timeout = connect_s
    # Without it the system holds a small packet back until the peer has confirmed the one before (Nagle's algorithm,
    # RFC 896), and a peer that has nothing to send confirms after 40 ms or more: an ack left with the next message.
    client.on_socket_open = _set_no_delay
    if most_inflight is not None:
        client.max_inflight_messages_set(most_inflight)
    if most_queued is not None:
        client.max_queued_messages_set(most_queued)
    if username is not None:
        client.username_pw_set(username, password)
    if tls is not None:
        use_tls(client, tls)
    return client


def use_tls(client: Client, files: MqttTls) -> None:
    """Make a client's connections TLS. Raises OSError, ssl.SSLError and ValueError for bad files."""
    client.tls_set(ca_certs=files.ca, certfile=files.cert, keyfile=files.key)


def make_properties(packet_type: int, **values: Any) -> Any:
    """Return properties of a packet of MQTT 5, by their names without spaces; paho checks names and ranges."""
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _set_no_delay(_client: Client, _data: Any, connection: Any) -> None:
    with suppress(OSError, AttributeError):  # it is closed again, or has no TCP of its own
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
