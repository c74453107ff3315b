"""Survey of a broker, and the settings proposed for it: they read the messages that it carries."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import msgspec
import pytest

from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.message import DecodedMessage
from edge.sources.mqtt.settings import MqttSettings
from edge.survey.proposals import propose
from edge.survey.survey import BrokerSurvey

Message = tuple[str, Any]

SHELLY: list[Message] = [
    ("shellyht-1/status/temperature:0", {"id": 0, "tC": 21.3, "tF": 70.4}),
    ("shellyht-1/status/humidity:0", {"id": 0, "rh": 61.2}),
    ("shellyht-2/status/temperature:0", {"id": 0, "tC": 19.0, "tF": 66.2}),
    ("shellyht-1/online", True),
]
RTL_433: list[Message] = [
    ("rtl_433/pi/events", {"model": "Acurite-Tower", "id": 123, "temperature_C": 4.5, "humidity": 81, "battery_ok": 1}),
    ("rtl_433/pi/events", {"model": "Fineoffset-WH24", "id": 7, "wind_avg_km_h": 12.0, "wind_dir_deg": 200}),
]
OWN: list[Message] = [
    ("garden/bed-1/moisture", 41.5),
    ("garden/bed-2/moisture", 44.0),
    ("garden/bed-1/soil_temperature_c", 12.5),
    ("lab/esp/state", {"temp": 20.5, "co2_ppm": 700, "weight": 3.5}),
]


def survey(messages: list[Message]) -> BrokerSurvey:
    found = BrokerSurvey()
    for topic, payload in messages:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        found.add(topic, data, retained=False)
    return found


def settings_of(messages: list[Message]) -> dict[str, MqttSettings]:
    """Return the proposed sources by name, as the gateway reads them."""
    text = propose(survey(messages).topics)
    sources = [msgspec.convert(table, MqttSettings) for table in tomllib.loads(text).get("source", [])]
    return {source.name: source for source in sources}


def read(source: MqttSettings, message: Message) -> dict[str, dict[str | int, object]]:
    """Return what a source reads of a message: the mapped numbers by device."""
    decoded = make_decoder(source).decode(message[0], json.dumps(message[1]).encode(), 0)
    mapped = {field.key: field.channel for field in source.channel}
    return {
        part.name: {mapped[each.name]: each.value for each in part.measurements if each.name in mapped}
        for part in decoded
        if isinstance(part, DecodedMessage)
    }


def test_the_proposed_settings_read_a_shelly() -> None:
    source = settings_of(SHELLY)["shelly"]
    assert source.topic == "+/status/#"
    assert read(source, SHELLY[0]) == {"shellyht-1": {"air_temperature_degc": 21.3}}
    assert read(source, SHELLY[1]) == {"shellyht-1": {"relative_humidity_pct": 61.2}}
    assert {field.unit for field in source.channel} == {"degC", "%"}


def test_the_proposed_settings_read_rtl_433_where_the_names_state_units() -> None:
    source = settings_of(RTL_433)["rtl433"]
    assert read(source, RTL_433[0]) == {"Acurite-Tower-123": {"air_temperature_degc": 4.5}}
    assert read(source, RTL_433[1]) == {"Fineoffset-WH24-7": {"wind_speed_m_s": 12.0, "wind_from_deg": 200}}
    # Its humidity is a percentage by its documentation only: the line waits for a person.
    assert "humidity" not in source.mapped_names
    assert '# from = "humidity"' in propose(survey(RTL_433).topics)


def test_the_level_that_differs_names_the_device_of_own_topics() -> None:
    sources = settings_of(OWN)
    own = next(source for source in sources.values() if source.topic == "garden/+/+")
    assert read(own, OWN[2]) == {"bed-1": {"soil_temperature_degc": 12.5}}
    text = propose(survey(OWN).topics)
    assert '# from = "moisture"' in text
    assert "No channel is known for: weight (3.5)" in text


def test_firmware_is_known_by_its_topics_and_payloads() -> None:
    messages: list[Message] = [
        ("homeassistant/sensor/esp/temperature/config", {"state_topic": "esp/t"}),
        ("zigbee2mqtt/bridge/devices", [{"ieee_address": "0x1"}]),
        ("tele/plug/SENSOR", {"Time": "2026-11-24T08:00:00", "SHT3X": {"Temperature": 21.0}}),
        ("application/1/device/aa/event/up", {"object": {}}),
        ("v3/app/devices/node/up", {"uplink_message": {}}),
        ("mp/esp", [{"n": "t", "u": "Cel", "v": 20.0}]),
        ("telegraf/pi", b"weather,device=a air=20.5 1795507200000000000"),
    ]
    found = {source.format: source.topic for source in settings_of(messages).values()}
    assert found == {
        "home_assistant": "homeassistant",
        "zigbee2mqtt": "zigbee2mqtt",
        "tasmota": "tele/+/SENSOR",
        "chirpstack": "application/+/device/+/event/up",
        "things_stack": "v3/+/devices/+/up",
        "senml": "mp/#",
        "line_protocol": "telegraf/#",
    }


def test_our_own_messages_and_texts_are_not_devices() -> None:
    found = survey([("headland/v1/home/gh-1/co2_ppm", {"value": 1}), ("$SYS/uptime", 5), ("tele/plug/LWT", b"Online")])
    assert list(found.topics) == ["tele/plug/LWT"]
    assert propose(found.topics) == ""


@pytest.mark.parametrize("payload", [b"\x00\xff", b"{" * 50_000, b"[" * 50_000, b'{"a":' + b"9" * 400 + b"}"])
def test_a_hostile_payload_is_only_not_read(payload: bytes) -> None:
    found = survey([("a/b", payload)])
    assert found.topics["a/b"].messages == 1
    tomllib.loads(propose(found.topics))


def test_the_number_of_topics_is_bounded() -> None:
    found = BrokerSurvey()
    for number in range(5010):
        found.add(f"a/{number}", b"1", retained=False)
    assert (len(found.topics), found.beyond) == (5000, 10)
