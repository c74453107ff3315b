"""Sockets of MQTT clients: small packets go out at once."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paho.mqtt.client import Client


def send_at_once(client: Client) -> None:
    """Let the client's connections send each packet when it is written. Call it before `connect`.

    Without it the system holds a small packet back until the peer has confirmed the one before (Nagle's algorithm, RFC
    896), and a peer that has nothing to send confirms after 40 ms or more: a commit ack left with the next message.
    """
    client.on_socket_open = _set_no_delay


def _set_no_delay(_client: Client, _data: Any, connection: Any) -> None:
    with suppress(OSError, AttributeError):  # it is closed again, or has no TCP of its own
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
