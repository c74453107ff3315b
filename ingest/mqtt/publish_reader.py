"""paho's client with a fast path for incoming PUBLISH packets and for their acknowledgements.

paho reads a packet with three calls to the socket and each property through its tables: about 50 us a message, more
than everything that ingest does with it. Here one call reads what the socket has; a PUBLISH is parsed at once; every
other packet is passed to paho, byte for byte. paho also ends the connection over what MQTT allows in a property, as
U+FEFF in a content type: the broker would send that message again with each new session, and no gateway would be heard
any more.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from ssl import SSLWantReadError, SSLWantWriteError
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from headland.errors import PeerRefused
from ingest.mqtt.inbox import InboundMessage

_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_USER_PROPERTY: Final = 0x26
#: Other properties of a PUBLISH (MQTT 5 table 2-4), which are passed over: payload format, expiry and topic alias by
#: their bytes; content type, response topic and correlation data with a length before them.
_FIXED_BYTES: Final = {0x01: 1, 0x02: 4, 0x23: 2}
_WITH_LENGTH: Final = frozenset((0x03, 0x08, 0x09))
_SUBSCRIPTION_IDENTIFIER: Final = 0x0B
_CHUNK_BYTES: Final = 256 * 1024


class PublishReader(Client):
    """A client that calls `on_publishes` with messages in order, tagged with `generation`, in the thread of the loop.

    Messages that paho reads itself arrive through `on_message`, in order with the others. A packet longer than
    `max_packet_bytes` ends the connection with PeerRefused: the broker was asked not to send it.
    """

    def __init__(self, *arguments: Any, max_packet_bytes: int, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.generation = 0
        self.on_publishes: Callable[[Sequence[InboundMessage]], None] = _ignore
        self._max_packet_bytes = max_packet_bytes
        self._rest = b""
        self._for_paho = b""
        self._ended = False

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what the socket has; paho calls this when the socket is readable."""
        peer = self.socket()
        if peer is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        try:
            chunk = peer.recv(_CHUNK_BYTES)
        except (BlockingIOError, SSLWantReadError, SSLWantWriteError):
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            chunk = b""
        if not chunk:
            self._ended = True
            return super().loop_read(max_packets)  # reads the end of the stream and reports it
        self._last_bytes_received = time.monotonic()  # used by paho's keep-alive
        return self._read_packets(self._rest + chunk if self._rest else chunk)

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Queue the PUBACK of each message as one write; callable from any thread."""
        if mids:
            packets = b"".join([struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids])
            self._packet_queue(_PUBACK, packets, 0, 1)

    def _read_packets(self, data: bytes) -> MQTTErrorCode:
        start, messages = 0, list[InboundMessage]()
        while (body := self._find_body(data, start)) is not None:
            begin, end = body
            if end > len(data):
                break
            message = read_publish(self.generation, data, start, begin, end)
            if message is not None:
                messages.append(message)
            else:
                self._hand_over(messages)
                code = self._pass_to_paho(data[start:end])
                if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self.socket() is None:
                    return code
            start = end
        self._rest = data[start:]
        self._hand_over(messages)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _find_body(self, data: bytes, start: int) -> tuple[int, int] | None:
        """Return where a packet's body begins and ends (MQTT 5 section 2.1.4), None before its length is known."""
        length = shift = 0
        for at in range(start + 1, min(start + 5, len(data))):
            length |= (data[at] & 127) << shift
            if data[at] < 128:
                if length > self._max_packet_bytes:
                    raise PeerRefused(
                        f"the broker sent a packet of {length} bytes; the limit is {self._max_packet_bytes}"
                    )
                return at + 1, at + 1 + length
            shift += 7
        if len(data) >= start + 5:
            raise PeerRefused("the broker sent a packet without a length")
        return None

    def _hand_over(self, messages: list[InboundMessage]) -> None:
        if messages:
            self.on_publishes(messages[:])
            messages.clear()

    def _pass_to_paho(self, packet: bytes) -> MQTTErrorCode:
        self._for_paho = packet
        return super().loop_read()

    def _sock_recv(self, bufsize: int) -> bytes:
        """Return the packet for paho's own reader, in place of the socket."""
        part, self._for_paho = self._for_paho[:bufsize], self._for_paho[bufsize:]
        if not part and not self._ended:
            raise BlockingIOError
        return part


def read_publish(generation: int, data: bytes, start: int, begin: int, end: int) -> InboundMessage | None:
    """Return the message of the packet at `start` whose body is `begin` to `end`, with its user properties.

    None where it is not a PUBLISH of QoS 0 or 1, or its lengths contradict each other: paho reads these, and ends the
    connection with what no broker passes on. What the publisher chose never leads there, however odd it is. MQTT 5
    section 3.3.
    """
    head = data[start]
    qos = (head >> 1) & 3
    if head & 0xF0 != _PUBLISH or qos > 1 or end - begin < 3 + 2 * qos:
        return None
    at = begin + 2 + int.from_bytes(data[begin : begin + 2], "big")
    if at + 2 * qos >= end:
        return None
    topic = data[begin + 2 : at].decode(errors="replace")
    mid = int.from_bytes(data[at : at + 2], "big") if qos else 0
    at += 2 * qos
    length = data[at]
    at += 1
    if length > 127:  # further bytes of it: 128 and more bytes of properties
        length, at = _read_number(data, at - 1, end)
    payload_at = at + length
    if payload_at > end:
        return None
    properties = _read_properties(data, at, payload_at)
    return InboundMessage(generation, mid, qos, topic, data[payload_at:end], bool(head & 1), properties)


def _read_number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the variable byte integer at `at` and where it ends; one beyond `end` where it does. MQTT 5 section 1.5.5.

    What it returns in that case is more than any packet has.
    """
    number = 0
    for place, byte in enumerate(data[at : min(at + 4, end)]):
        number |= (byte & 127) << (7 * place)
        if byte < 128:
            return number, at + place + 1
    return end + 1, end


def _read_properties(data: bytes, at: int, end: int) -> dict[str, str]:
    """Return the user properties, the last of a name, up to the first byte that is no property of a PUBLISH.

    Text that is not UTF-8 has replacement characters: ingest refuses the message for its content, not its bytes.
    """
    properties: dict[str, str] = {}
    while at < end:
        identifier = data[at]
        if identifier == _USER_PROPERTY:
            value_at = at + 3 + int.from_bytes(data[at + 1 : at + 3], "big")
            next_at = value_at + 2 + int.from_bytes(data[value_at : value_at + 2], "big")
            if next_at > end:
                break
            name = data[at + 3 : value_at].decode(errors="replace")
            properties[name] = data[value_at + 2 : next_at].decode(errors="replace")
        elif identifier in _FIXED_BYTES:
            next_at = at + 1 + _FIXED_BYTES[identifier]
        elif identifier in _WITH_LENGTH:
            next_at = at + 3 + int.from_bytes(data[at + 1 : at + 3], "big")
        elif identifier == _SUBSCRIPTION_IDENTIFIER:
            next_at = _read_number(data, at + 1, end)[1]
        else:
            break
        at = next_at
    return properties


def _ignore(_: Sequence[InboundMessage]) -> None:
    return None
