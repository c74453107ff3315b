"""Foreign properties of messages: MQTT allows more than paho reads."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import encode_batch
from headland.contract.topics import data_topic
from headland.store.memory import MemoryStore
from ingest.mqtt.publish_reader import read_publish
from tests.bench.mqtt_packets import encode_length
from tests.broker import Broker
from tests.examples import examples
from tests.ingest.brittle_store import count_points
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import T0_MS, Gateway, batch_of, block_of
from tests.waiting import wait_until

_CONNECT = b"\x00\x04MQTT\x05\x02\x00\x3c\x00" + b"\x00\x05rogue"


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def pair(name: str, value: str) -> bytes:
    return b"\x26" + text(name) + text(value)


#: Properties of MQTT 5, table 2-4, that a PUBLISH may have.
PROPERTIES = {
    "content type with a byte order mark": b"\x03" + text("\ufeff"),
    "response topic with a byte order mark": b"\x08" + text("a\ufeff"),
    "user property with a byte order mark": pair("\ufeff", "\ufeff"),
    "payload format, expiry and correlation": b"\x01\x01" + b"\x02\x00\x00\xff\xff" + b"\x09" + text("\ufeff"),
    "20 kB of user properties": pair("n", "v" * 20_000),
    "a thousand user properties": pair("n", "v") * 1000,
}


def packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + encode_length(len(body)) + body


def publish_packet(mid: int, topic: str, properties: bytes, payload: bytes) -> bytes:
    body = text(topic) + struct.pack("!H", mid) + encode_length(len(properties)) + properties + payload
    return packet(0x32, body)


@pytest.mark.services("mosquitto")
def test_no_property_of_a_message_ends_the_session_for_all_others(
    mosquitto: Broker, start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    session = service.counters()["session_generation"]
    with socket.create_connection((mosquitto.host, mosquitto.port), 60) as rogue:
        rogue.sendall(packet(0x10, _CONNECT))
        for mid, properties in enumerate(PROPERTIES.values(), 1):
            block = block_of({"air_temperature_degc": [20.0, 20.5]}, T0_MS + mid * 1000, device="gh-9")
            batch = batch_of(mid, block, gateway="gw-9")
            rogue.sendall(publish_packet(mid, data_topic("gw-9"), properties, encode_batch(batch)))
        gateway.send(batch_of(1))
        gateway.wait_for_ack(1)
        wait_until(lambda: count_points(memory_store) == 2 + 2 * len(PROPERTIES))
    counters = service.counters()
    assert (counters["session_generation"], counters["callback_errors"]) == (session, 0)
    assert service.health().ok


@settings(max_examples=examples(400), deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_a_publish_with_any_properties_is_read_or_refused_and_never_left_to_paho(tail: bytes, is_known: bool) -> None:
    properties = (b"\x03" + text("text/plain") + tail) if is_known else tail
    whole = publish_packet(7, "headland/v1/data/3/gw-1", properties, b"payload")
    message = read_publish(1, whole, 0, 2 if whole[1] < 128 else 3, len(whole))
    assert message is not None
    assert (message.mid, message.topic) == (7, "headland/v1/data/3/gw-1")
    assert message.payload in (b"payload", b"")
