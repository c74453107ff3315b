"""Decoders of each kind of firmware, with messages in their documented shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.home_assistant import HomeAssistantDecoder
from edge.sources.mqtt.lorawan import ChirpStackDecoder, ThingsStackDecoder
from edge.sources.mqtt.message import DecodedMessage, Decoder, MessageRefusal
from edge.sources.mqtt.senml import SenmlDecoder
from edge.sources.mqtt.settings import DEFAULT_TOPICS, MqttSettings
from edge.sources.mqtt.tasmota import TasmotaDecoder
from edge.sources.mqtt.zigbee import ZigbeeDecoder

NOW_MS = 1_790_000_000_000


def decode(decoder: Decoder, topic: str, payload: Any) -> Sequence[Any]:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    messages = decoder.decode(topic, data, NOW_MS)
    assert not isinstance(messages, MessageRefusal), messages
    return messages


# SenML: RFC 8428, sections 5.1.1 to 5.1.4.


def test_senml_with_one_record_has_the_time_of_arrival() -> None:
    pack = [{"n": "urn:dev:ow:10e2073a01080063", "u": "Cel", "v": 23.1}]
    assert decode(SenmlDecoder([]), "senml/x", pack) == [
        DecodedMessage("urn:dev:ow", [Measurement("10e2073a01080063", 23.1, "Cel")], None)
    ]


def test_senml_base_fields_apply_until_they_change() -> None:
    pack = [
        {"bn": "urn:dev:ow:10e2073a0108006:", "bt": 1.276020076001e09, "bu": "A", "bver": 5,
         "n": "voltage", "u": "V", "v": 120.1},
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "t": -4, "v": 1.3},
    ]  # fmt: skip
    messages = decode(SenmlDecoder([]), "senml/x", pack)
    assert messages == [
        DecodedMessage("urn:dev:ow:10e2073a0108006", [Measurement("voltage", 120.1, "V")], 1_276_020_076_001),
        DecodedMessage("urn:dev:ow:10e2073a0108006", [Measurement("current", 1.2, "A")], 1_276_020_071_001),
        DecodedMessage("urn:dev:ow:10e2073a0108006", [Measurement("current", 1.3, "A")], 1_276_020_072_001),
    ]


def test_senml_relative_times_are_before_or_after_now() -> None:
    pack = [
        {"bn": "urn:dev:ow:1;", "bt": -10, "n": "t", "v": 1},
        {"n": "t", "t": 10, "v": 2},
        {"n": "t", "t": -1, "v": 3},
    ]
    assert [message.time_ms for message in decode(SenmlDecoder([]), "senml/x", pack)] == [
        NOW_MS - 10_000,
        None,
        NOW_MS - 11_000,
    ]


def test_senml_without_a_prefix_has_the_device_of_its_topic_and_texts_are_left_out() -> None:
    pack = [{"n": "air_temperature:1", "u": "Cel", "v": 20}, {"n": "label", "vs": "x"}, {"n": "on", "vb": True}]
    assert decode(SenmlDecoder([]), "senml/gh-7", pack) == [
        DecodedMessage("gh-7", [Measurement("air_temperature:1", 20, "Cel"), Measurement("on", True, None)], None)
    ]
    assert decode(SenmlDecoder([]), "senml/x", [{"bn": "a/b/", "bv": 20, "n": "t", "v": 1.5}, {"n": "u"}]) == [
        DecodedMessage("a/b", [Measurement("t", 21.5), Measurement("u", 20.0)], None)
    ]


def test_senml_of_a_newer_version_or_another_shape_is_refused() -> None:
    decoder = SenmlDecoder([])
    assert decoder.decode("t", b'[{"bver":11,"n":"a","v":1}]', NOW_MS) is MessageRefusal.SHAPE
    assert decoder.decode("t", b'{"n":"a","v":1}', NOW_MS) is MessageRefusal.SHAPE
    assert decoder.decode("t", b'[{"n":"a","v":1,"x_":1}]', NOW_MS) is MessageRefusal.SHAPE
    assert decoder.decode("t", b"[" + b"{}," * 1000 + b"{}]", NOW_MS) is MessageRefusal.TOO_MANY
    assert decoder.decode("t", b'[{"n"', NOW_MS) is MessageRefusal.JSON


def test_a_wrong_senml_record_is_refused_alone_where_no_other_depends_on_it() -> None:
    decoder = SenmlDecoder([])
    assert decode(decoder, "senml/x", [{"n": "a", "v": "1"}, {"n": "b", "v": 2}]) == [
        DecodedMessage("x", [Measurement("b", 2)]),
        MessageRefusal.SHAPE,
    ]
    assert decoder.decode("t", b'[{"bn":"x:","n":"a","v":"1"},{"n":"b","v":2}]', NOW_MS) is MessageRefusal.SHAPE


# Tasmota.


def test_tasmota_has_its_units_beside_its_sensors() -> None:
    payload = {
        "Time": "2026-09-21T14:13:20",
        "ANALOG": {"Moisture": 41},
        "BME280": {"Temperature": 70.7, "Humidity": 54.7, "DewPoint": 53.6, "Pressure": 757.2},
        "PressureUnit": "mmHg",
        "TempUnit": "F",
    }
    assert decode(TasmotaDecoder([]), "tele/gh-1/SENSOR", payload) == [
        DecodedMessage(
            "gh-1",
            [
                Measurement("ANALOG/Moisture", 41, "%"),
                Measurement("BME280/Temperature", 70.7, "F"),
                Measurement("BME280/Humidity", 54.7, "%"),
                Measurement("BME280/DewPoint", 53.6, "F"),
                Measurement("BME280/Pressure", 757.2, "mmHg"),
            ],
            None,  # a local time without its zone
        )
    ]


def test_tasmota_without_a_unit_has_an_unknown_unit() -> None:
    messages = decode(
        TasmotaDecoder([]), "tele/gh-1/SENSOR", {"Time": "2026-09-21T22:13:20+08:00", "S": {"Temperature": 20, "A0": 1}}
    )
    assert messages[0].measurements == [
        Measurement("S/Temperature", 20, UNKNOWN_UNIT),
        Measurement("S/A0", 1, UNKNOWN_UNIT),
    ]
    assert messages[0].time_ms == NOW_MS


# LoRaWAN.

CHIRPSTACK = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-09-21T14:13:21.500000+00:00",
    "deviceInfo": {
        "tenantName": "ChirpStack",
        "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
        "deviceProfileName": "soil probe",
        "deviceName": "field-3",
        "devEui": "0101010101010101",
        "tags": {"key": "value"},
    },
    "fCnt": 10,
    "fPort": 1,
    "data": "qg==",
    "object": {"soil": {"temperature": 17.5}, "moisture": [31.0, 33.5]},
    "rxInfo": [
        {"gatewayId": "0016c001f153a14c", "uplinkId": 4217106255, "gwTime": "1970-01-01T00:00:01+00:00"},
        {"gatewayId": "0016c001f153a14d", "gwTime": "2026-09-21T14:13:20.250000+00:00", "rssi": -36, "snr": 10.5},
        {"gatewayId": "0016c001f153a14e", "gwTime": "2026-09-21T14:13:20+00:00"},
    ],
}


def test_chirpstack_has_the_time_of_the_first_gateway_with_a_clock() -> None:
    messages = decode(ChirpStackDecoder([]), "application/17/device/01/event/up", CHIRPSTACK)
    numbers = [Measurement("soil/temperature", 17.5), Measurement("moisture/0", 31.0), Measurement("moisture/1", 33.5)]
    assert messages == [
        DecodedMessage("0101010101010101", numbers, NOW_MS, ("field-3",), "soil probe", simulated=False)
    ]
    bare = {**CHIRPSTACK, "rxInfo": [{"gatewayId": "0016c001f153a14c"}]}
    assert decode(ChirpStackDecoder([]), "t", bare)[0].time_ms == NOW_MS + 1500


def test_an_uplink_that_was_not_decoded_is_refused() -> None:
    bare = {key: value for key, value in CHIRPSTACK.items() if key != "object"}
    assert ChirpStackDecoder([]).decode("t", json.dumps(bare).encode(), NOW_MS) is MessageRefusal.SHAPE
    bare = {"end_device_ids": {"device_id": "dev1"}, "uplink_message": {"frm_payload": "qg=="}}
    assert ThingsStackDecoder([]).decode("t", json.dumps(bare).encode(), NOW_MS) is MessageRefusal.SHAPE


THINGS = {
    "end_device_ids": {
        "device_id": "dev1",
        "application_ids": {"application_id": "app1"},
        "dev_eui": "0004A30B001C0530",
    },
    "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
    "received_at": "2026-09-21T14:13:23.787320173Z",
    "uplink_message": {
        "f_cnt": 1,
        "f_port": 1,
        "frm_payload": "gkHe",
        "decoded_payload": {"leaf_temperature_degc": 24.0, "state": "ok"},
        "normalized_payload": [
            {"soil": {"moisture": 30.0}},
            {"soil": {"ec": 0.8, "depth": 5}, "air": {"temperature": 20.5}},
        ],
        "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1"}, "time": "2026-09-21T14:13:20Z", "rssi": -35, "snr": 5}],
        "received_at": "2026-09-21T14:13:22.539148192Z",
    },
    "simulated": True,
}  # fmt: skip


def test_the_things_stack_has_its_normalized_numbers_in_fixed_units() -> None:
    numbers = [
        Measurement("leaf_temperature_degc", 24.0),
        Measurement("state", "ok"),
        Measurement("normalized/soil/ec", 0.8, "dS/m"),
        Measurement("normalized/air/temperature", 20.5, "degC"),
    ]
    assert decode(ThingsStackDecoder([]), "v3/app1@ttn/devices/dev1/up", THINGS) == [
        DecodedMessage("dev1", numbers, NOW_MS, ("0004A30B001C0530",), "", simulated=True)
    ]


# Zigbee2MQTT.

BRIDGE = [
    {"ieee_address": "0x00158d00018255df", "friendly_name": "gh1/bench", "type": "EndDevice", "definition": {
        "model": "WSDCGQ01LM", "vendor": "Aqara", "exposes": [
            {"type": "numeric", "name": "temperature", "property": "temperature", "unit": "°C", "access": 1},
            {"type": "numeric", "name": "humidity", "property": "humidity", "unit": "%", "access": 1},
            {"type": "composite", "property": "soil", "features": [
                {"type": "numeric", "name": "moisture", "property": "soil_moisture", "unit": "%"}]},
            {"type": "numeric", "name": "linkquality", "property": "linkquality", "unit": "lqi", "access": 1},
        ]}},
    {"ieee_address": "0x00124b00120144ae", "friendly_name": "Coordinator", "type": "Coordinator", "definition": None},
]  # fmt: skip


def test_zigbee2mqtt_has_its_units_from_the_bridge() -> None:
    decoder = ZigbeeDecoder("zigbee2mqtt")
    payload = {
        "temperature": 27.34,
        "humidity": 44.72,
        "soil_moisture": 31,
        "battery": 97,
        "last_seen": "2026-09-21T14:13:20.000Z",
    }
    before = decode(decoder, "zigbee2mqtt/gh1/bench", payload)[0]
    assert {measurement.unit for measurement in before.measurements} == {UNKNOWN_UNIT}
    assert decoder.describes("zigbee2mqtt/bridge/devices")
    assert decoder.read_description("zigbee2mqtt/bridge/devices", json.dumps(BRIDGE).encode()) == ()
    assert decode(decoder, "zigbee2mqtt/gh1/bench", payload) == [
        DecodedMessage(
            "gh1/bench",
            [
                Measurement("temperature", 27.34, "°C"),
                Measurement("humidity", 44.72, "%"),
                Measurement("soil_moisture", 31, "%"),
                Measurement("battery", 97, UNKNOWN_UNIT),
            ],
            NOW_MS,
            ("0x00158d00018255df",),
            "Aqara WSDCGQ01LM",
        )
    ]
    assert decode(decoder, "zigbee2mqtt/gh1/bench", {"last_seen": NOW_MS})[0].time_ms == NOW_MS


def test_zigbee2mqtt_topics_beside_a_devices_own_are_ignored() -> None:
    decoder = ZigbeeDecoder("zigbee2mqtt")
    for topic in ("bridge/state", "bridge/logging", "gh1/availability", "gh1/set", "gh1/get"):
        assert decode(decoder, f"zigbee2mqtt/{topic}", {"state": "online"}) == ()
    assert decoder.read_description("zigbee2mqtt/bridge/devices", b"{}") is MessageRefusal.SHAPE
    assert decoder.read_description("zigbee2mqtt/bridge/devices", b"[1, {}, {") is MessageRefusal.JSON
    assert (
        decoder.read_description("zigbee2mqtt/bridge/devices", b"[" + b"1," * 1000 + b"1]") is MessageRefusal.TOO_MANY
    )
    assert (
        decoder.read_description("zigbee2mqtt/bridge/devices", b'[1, {}, {"friendly_name": "a", "definition": 5}]')
        == ()
    )


# Home Assistant's discovery.

ESPHOME = {
    "dev_cla": "temperature", "unit_of_meas": "°F", "stat_cla": "measurement", "name": "Air temperature",
    "stat_t": "gh1/sensor/air_temperature/state", "avty_t": "gh1/status", "uniq_id": "ESPsensorair_temperature",
    "dev": {"ids": "20500de464ec", "name": "gh1-node", "sw": "esphome v2026.8.0", "mdl": "esp32dev", "mf": "Espressif"},
}  # fmt: skip


def learnt(*messages: tuple[str, Any]) -> HomeAssistantDecoder:
    decoder = HomeAssistantDecoder("homeassistant")
    for topic, config in messages:
        assert decoder.describes(topic)
        assert not isinstance(decoder.read_description(topic, json.dumps(config).encode()), MessageRefusal)
    return decoder


def test_esphome_has_plain_numbers_in_the_unit_of_its_discovery() -> None:
    decoder = HomeAssistantDecoder("homeassistant")
    topic = "homeassistant/sensor/gh1/air_temperature/config"
    assert decoder.read_description(topic, json.dumps(ESPHOME).encode()) == ["gh1/sensor/air_temperature/state"]
    assert decode(decoder, "gh1/sensor/air_temperature/state", b"68.0") == [
        DecodedMessage(
            "gh1",
            [Measurement("air_temperature", "68.0", "°F")],
            None,
            ("20500de464ec", "gh1-node"),
            "Espressif esp32dev",
        )
    ]
    assert decoder.read_description(topic, json.dumps(ESPHOME).encode()) == []
    assert decoder.read_description(topic, b'{"stat_t": ') is MessageRefusal.JSON
    assert len(decode(decoder, "gh1/sensor/air_temperature/state", b"68.0")) == 1
    assert decoder.read_description(topic, b"") == []
    assert decode(decoder, "gh1/sensor/air_temperature/state", b"68.0") == []


def test_several_entities_of_one_state_are_found_by_their_templates() -> None:
    about = {"ids": ["231ed3"], "name": "Tank"}
    state = "home/tank/state"
    flow = "{{ value_json['a']['flow/1'][0] | float(0) | round(1) }}"
    long = {"state_topic": state, "unit_of_measurement": "L/min", "value_template": flow, "device": about}
    short = {"~": "home/tank", "stat_t": "~/state", "unit_of_meas": "°C", "val_tpl": "{{value_json.temp}}"}
    pump = {"stat_t": state, "val_tpl": "{{ value_json.pump }}", "pl_on": "run"}
    decoder = learnt(
        ("homeassistant/sensor/tank_t/config", {**short, "dev": about}),
        ("homeassistant/sensor/tank_f/config", long),
        ("homeassistant/binary_sensor/tank_p/config", {**pump, "dev": about}),
        ("homeassistant/sensor/tank_x/config", {"stat_t": state, "val_tpl": "{{ value_json.x.y }}", "dev": about}),
    )
    payload = {"temp": 15.5, "a": {"flow/1": [2.5]}, "pump": "run"}
    assert decode(decoder, "home/tank/state", payload) == [
        DecodedMessage(
            "231ed3",
            [
                Measurement("tank_t", 15.5, "°C"),
                Measurement("tank_f", 2.5, "L/min"),
                Measurement("tank_p", 1.0, UNKNOWN_UNIT),
            ],
            None,
            ("231ed3", "Tank"),
        )
    ]


def test_a_device_discovered_as_a_whole_has_its_components() -> None:
    config = {
        "dev": {"ids": "ea334450945afc", "name": "Kitchen", "mf": "Bla electronics", "mdl": "xya"},
        "o": {"name": "bla2mqtt"},
        "cmps": {
            "temp": {"p": "sensor", "unit_of_meas": "°C", "val_tpl": "{{ value_json.temperature }}", "unique_id": "t"},
            "switch": {"p": "switch", "cmd_t": "x"},
        },
        "state_topic": "sensorBedroom/state",
    }
    decoder = learnt(("homeassistant/device/0AFFD2/config", config))
    assert decode(decoder, "sensorBedroom/state", {"temperature": 21}) == [
        DecodedMessage(
            "0AFFD2", [Measurement("temp", 21, "°C")], None, ("ea334450945afc", "Kitchen"), "Bla electronics xya"
        )
    ]


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.temp * 1.8 + 32 }}",
        "{{ (value_json.wind | float * 0.44704) | round(1) }}",
        "{% if value_json.x %}1{% endif %}",
        "{{ value_json.temp | multiply(2) }}",
        "{{ states('sensor.x') }}",
    ],
)
def test_a_template_that_computes_is_refused(template: str) -> None:
    decoder = HomeAssistantDecoder("homeassistant")
    config = {"stat_t": "a/b", "val_tpl": template, "dev": {"ids": "1"}}
    assert (
        decoder.read_description("homeassistant/sensor/x/config", json.dumps(config).encode())
        is MessageRefusal.TEMPLATE
    )
    assert decode(decoder, "a/b", {"temp": 1}) == []


def test_discovery_without_a_number_or_with_mistakes_is_ignored() -> None:
    decoder = HomeAssistantDecoder("homeassistant")
    for topic, config in (
        ("homeassistant/switch/x/config", {"stat_t": "a/b"}),
        ("homeassistant/device/x/config", {"cmps": 5}),
        ("homeassistant/device/x/config", {"cmps": {"a": 5}}),
    ):
        assert decoder.read_description(topic, json.dumps(config).encode()) == []
    assert decoder.read_description("homeassistant/sensor/x/config", b"[]") is MessageRefusal.SHAPE
    assert decoder.read_description("homeassistant/sensor/x/config", b"{") is MessageRefusal.JSON
    for state in ("", "a/#", "a/+", "a\0b", "a" * 300):
        assert (
            decoder.read_description("homeassistant/sensor/x/config", json.dumps({"stat_t": state}).encode())
            is MessageRefusal.TEMPLATE
        )


# All of them.

_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.text(max_size=3),
                st.sampled_from(
                    ["n", "v", "bn", "t", "object", "deviceInfo", "devEui", "rxInfo", "uplink_message", "device_id",
                     "end_device_ids", "normalized_payload", "decoded_payload", "stat_t", "val_tpl", "dev", "ids",
                     "cmps", "p", "friendly_name", "definition", "exposes", "features", "property", "unit", "Time"]
                ),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(DEFAULT_TOPICS))
@given(
    payload=st.one_of(st.binary(max_size=60), _JSON.map(lambda tree: json.dumps(tree).encode())),
    topic=st.text(max_size=20),
)
def test_any_message_is_decoded_or_refused_without_an_exception(kind: Any, payload: bytes, topic: str) -> None:
    decoder = make_decoder(MqttSettings(name="x", format=kind))
    for where in (topic, f"{decoder.topics[0].split('/')[0]}/sensor/x/config", "zigbee2mqtt/bridge/devices"):
        if decoder.describes(where):
            decoder.read_description(where, payload)
        decoder.decode(where, payload, NOW_MS)


def test_home_assistant_messages_of_our_own_station_are_ignored() -> None:
    config = {"device": {"name": "House 1"}, "origin": {"name": "Headland"}, "components": {
        "air": {"platform": "sensor", "state_topic": "headland/v1/home/gh-1/air_temperature_degc",
                "value_template": "{{ value_json.value }}", "unit_of_measurement": "°C"}}}  # fmt: skip
    decoder = HomeAssistantDecoder("homeassistant")
    topic = "homeassistant/device/headland_gh-1/config"
    assert decoder.read_description(topic, json.dumps(config).encode()) == []
    short = {**config, "o": {"name": "Headland"}}
    del short["origin"]
    assert decoder.read_description(topic, json.dumps(short).encode()) == []
    assert decoder.read_description(topic, json.dumps({**config, "origin": {"name": "esphome"}}).encode()) == [
        "headland/v1/home/gh-1/air_temperature_degc"
    ]
