"""The few MQTT 5 packets that a load generator needs, as bytes, so that it costs little beside what it measures."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Final

_PUBACK: Final = 0x40
_USER_PROPERTY: Final = b"\x26"


def encode_connect(client_id: str) -> bytes:
    """Return a CONNECT with a clean start and no keep-alive."""
    body = _text("MQTT") + b"\x05\x02" + struct.pack("!H", 0) + b"\x00" + _text(client_id)
    return b"\x10" + encode_length(len(body)) + body


def encode_publish(topic: str, payload: bytes, mid: int, properties: dict[str, str]) -> bytes:
    """Return a PUBLISH at QoS 1."""
    pairs = b"".join(_USER_PROPERTY + _text(name) + _text(value) for name, value in properties.items())
    body = _text(topic) + struct.pack("!H", mid) + encode_length(len(pairs)) + pairs + payload
    return b"\x32" + encode_length(len(body)) + body


def publish_all(port: int, packets: Sequence[bytes], window: int) -> None:
    """Send PUBLISH packets with at most `window` unacknowledged; returns when all are acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(encode_connect("bench-publisher"))
        answer = link.recv(1024)
        assert answer[:1] == b"\x20", answer
        sent = acked = 0
        waiting = b""
        while acked < len(packets):
            room = min(window - (sent - acked), len(packets) - sent)
            if room >= min(window // 2, len(packets) - sent) and room:
                link.sendall(b"".join(packets[sent : sent + room]))
                sent += room
            data = link.recv(65_536)
            assert data, "the broker closed the connection"
            waiting += data
            while len(waiting) >= 2 and len(waiting) >= 2 + waiting[1]:
                assert waiting[0] == _PUBACK, waiting[:8]
                acked += 1
                waiting = waiting[2 + waiting[1] :]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def encode_length(number: int) -> bytes:
    """Return a length as MQTT's variable byte integer."""
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (128 if number else 0))
        if not number:
            return bytes(out)
