"""Plain JSON: payloads as Shelly and rtl_433 document them, home-made ones, and times from another epoch."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.devices.device_clock import counts_from_2000, read_time_ms
from edge.sources.devices.nodes import Nodes
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal
from edge.sources.mqtt.settings import MqttSettings
from headland.contract.records import Clock
from tests.edge.sinks import ListSink

NOW_MS = 1_795_507_200_000


def settings(**more: Any) -> MqttSettings:
    return msgspec.convert({"type": "mqtt", "name": "own", "format": "json", **more}, MqttSettings)


def decode(address: str, payload: Any, **more: Any) -> Any:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return make_decoder(settings(**more)).decode(address, data, NOW_MS)


def one(address: str, payload: Any, **more: Any) -> tuple[str, dict[str | int, object], int | None]:
    (message,) = decode(address, payload, **more)
    assert isinstance(message, DecodedMessage)
    return message.name, {each.name: each.value for each in message.measurements}, message.time_ms


def test_a_shelly_is_named_by_its_topic_and_its_numbers_by_component_and_key() -> None:
    name, numbers, time_ms = one(
        "shellyhtg3-84fce63ad204/status/temperature:0", {"id": 0, "tC": 21.3, "tF": 70.4}, topic="+/status/#"
    )
    assert (name, time_ms) == ("shellyhtg3-84fce63ad204", None)
    assert numbers == {"temperature:0/id": 0, "temperature:0/tC": 21.3, "temperature:0/tF": 70.4}
    event = {"src": "shelly-1", "method": "NotifyStatus", "params": {"ts": 1795507199.5, "humidity:0": {"rh": 61.2}}}
    own = {"from": "params/ts", "format": "unix_s"}
    name, numbers, time_ms = one("shelly-1/events/rpc", event, topic="+/events/rpc", time=own)
    assert (name, numbers, time_ms) == ("shelly-1", {"params/humidity:0/rh": 61.2}, 1795507199500)


def test_rtl_433_is_named_by_values_of_the_payload() -> None:
    event = {"time": "2026-11-24 08:00:00", "model": "Acurite-Tower", "id": 123, "temperature_C": 4.5, "mic": "CRC"}
    name, numbers, _ = one("rtl_433/pi/events", event, topic="rtl_433/+/events", device_from=["model", "id"])
    assert (name, numbers) == ("Acurite-Tower-123", {"temperature_C": 4.5})
    assert decode("rtl_433/pi/events", {"x": 1}, topic="rtl_433/+/events", device_from=["id"]) == MessageRefusal.SHAPE


@pytest.mark.parametrize(
    ("topic", "payload", "filtered", "level", "expected"),
    [
        ("garden/bed-1/moisture", b"41.5", "garden/+/+", None, ("bed-1", {"moisture": 41.5})),
        ("garden/bed-1/moisture", b"41.5", "garden/#", 2, ("bed-1", {"moisture": 41.5})),
        ("garden/moisture", b" 41.5", "garden/moisture", None, ("garden", {"moisture": 41.5})),
        ("a/b/c", {"x": [1, {"y": 2}]}, "a/+/c", None, ("b", {"x/0": 1, "x/1/y": 2})),
        ("door", b"nan", "door", None, ("door", {"door": "nan"})),
        ("pump", b"true", "pump", None, ("pump", {"pump": True})),
    ],
)
def test_a_number_has_the_open_levels_of_the_topic_and_its_path(
    topic: str, payload: Any, filtered: str, level: int | None, expected: tuple[str, dict[str, object]]
) -> None:
    more = {} if level is None else {"device_level": level}
    assert one(topic, payload, topic=filtered, **more)[:2] == expected


def test_a_text_is_no_measurement_unless_it_is_mapped() -> None:
    payload = {"state": "open", "t": 20}
    assert one("a/b", payload, topic="a/+")[1] == {"t": 20}
    field = {"from": "state", "channel": "vent_open_pct"}
    assert one("a/b", payload, topic="a/+", channel=[field])[1] == {"state": "open", "t": 20}


@pytest.mark.parametrize("payload", [b"{", b"\xff\xfe", b"", b"[1,", b"x" * 65])
def test_what_is_neither_json_nor_a_word_is_refused(payload: bytes) -> None:
    assert decode("a/b", payload, topic="a/+") == MessageRefusal.JSON


@given(st.binary(max_size=64))
def test_any_payload_is_decoded_or_refused(payload: bytes) -> None:
    found = decode("a/b", payload, topic="a/+")
    assert isinstance(found, MessageRefusal) or len(found) == 1


def test_seconds_since_2000_are_recognised_and_can_be_set() -> None:
    # MicroPython's time.time() of 2026-11-24T08:00:00Z on an ESP32.
    seconds = NOW_MS // 1000 - 946_684_800
    assert read_time_ms(seconds, "unix2000_s") == NOW_MS
    wrong_ms = read_time_ms(seconds, "unix_s")
    assert wrong_ms is not None
    assert counts_from_2000(wrong_ms, NOW_MS)
    # A clock that was never set, and one that is right.
    assert not counts_from_2000(5000, NOW_MS)
    assert not counts_from_2000(NOW_MS, NOW_MS)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({}, "needs the topic"),
        ({"topic": "a/#", "device_level": 1, "device_from": ["id"]}, "not from both"),
        ({"format": "tasmota", "device_level": 1}, "for format json only"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        settings(**more)


def test_numbers_without_a_channel_are_named_with_a_value() -> None:
    place = settings(topic="a/+", channel=[{"from": "t", "channel": "air_temperature_degc"}])
    counts: Counter[str] = Counter()
    nodes = Nodes("own", "home", counts, place, (), place.channel)
    node = nodes.find("b")
    assert node is not None
    sink = ListSink()
    for value in range(3):
        node.emit(sink, Clock.ARRIVAL, NOW_MS + value, [Measurement("t", 20.0 + value), Measurement("weight", 3.5)])
    assert counts["unmapped"] == 3
    assert nodes.unmapped_sentences() == ["own.b: no channel for weight (3.5); map them with [[source.channel]]."]
