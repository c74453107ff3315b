from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from firmware_sim.protocols.mqtt_message import Message
from firmware_sim.protocols.mqtt_publisher import devices_of
from firmware_sim.protocols.readings import Readings
from headland.contract.senml.decoder import Pack, decode_senml

READINGS: Readings = {
    "air_temperature_degc": 20.0,
    "relative_humidity_pct": 50.0,
    "co2_ppm": 512.0,
    "par_umol_m2_s": 3.0,
    "leaf_temperature_degc": 19.5,
    "soil_temperature_degc": 18.25,
    "substrate_moisture_pct": None,
    "outside_temperature_degc": -2.5,
    "wind_speed_m_s": 1.5,
}
TIME_MS = 1_795_000_000_500


def said(readings: Readings) -> dict[str, Message]:
    return {
        message.topic: message for device in devices_of(1, [1, 2]) for message in device.telemetry(TIME_MS, 7, readings)
    }


def content(topic: str) -> Any:
    return json.loads(said(READINGS)[topic].payload)


def test_esphome_announces_units_and_retains_plain_numbers() -> None:
    hello = {message.topic: message for message in devices_of(1, [1])[0].birth()}
    config = json.loads(hello["homeassistant/sensor/gh1-esp/air_temperature/config"].payload)
    assert config["unit_of_meas"] == "°C"
    assert config["dev_cla"] == "temperature"
    assert all(message.retain for message in hello.values())
    state = said(READINGS)[config["stat_t"]]
    assert (state.payload, state.retain) == (b"20.0", True)
    assert hello[config["avty_t"]].payload == b"online"


def test_zigbee_names_every_compartment_and_says_null_for_none() -> None:
    hello = {message.topic: message.payload for message in devices_of(1, [1, 2])[1].birth()}
    assert [entry["friendly_name"] for entry in json.loads(hello["zigbee2mqtt/bridge/devices"])] == [
        "gh1-zigbee",
        "gh2-zigbee",
    ]
    assert content("zigbee2mqtt/gh1-zigbee")["soil_moisture"] is None
    assert content("zigbee2mqtt/gh1-zigbee")["temperature"] == 20.0


def test_tasmota_says_the_dew_point_of_its_own_temperature_and_humidity() -> None:
    # 20 degrees and 50 %: 9.27 degrees (psychrolib 2.5.0).
    sensor = content("tele/gh1-tasmota/SENSOR")
    assert sensor["SHT3X"] == {"Temperature": 20.0, "Humidity": 50.0, "DewPoint": pytest.approx(9.27, abs=0.06)}
    assert sensor["Time"] == "2026-11-18T11:06:40"
    assert sensor["TempUnit"] == "C"


def test_lorawan_uplinks_carry_the_time_the_counter_and_what_the_sensor_gives() -> None:
    event = content("application/6f1c1a52-6f4e-4c3b-9d5a-0000000000a1/device/70b3d57ed0000001/event/up")
    assert event["object"] == {
        "air_temperature": 20.0,
        "air_humidity": 50.0,
        "soil_temperature": 18.25,
        "leaf_temperature": 19.5,
        "co2": 512,
        "par": 3,
    }
    assert event["time"] == "2026-11-18T11:06:40.500Z"
    assert event["fCnt"] == 7
    assert len(base64.b64decode(event["data"])) == 4 * len(event["object"])
    uplink = content("v3/headland-sim@ttn/devices/gh1-leaf/up")
    assert uplink["uplink_message"]["decoded_payload"] == {"leaf_temperature": 19.5, "co2": 512}
    assert [message.topic for message in said(READINGS).values() if message.radio] == [
        "application/6f1c1a52-6f4e-4c3b-9d5a-0000000000a1/device/70b3d57ed0000001/event/up",
        "v3/headland-sim@ttn/devices/gh1-leaf/up",
    ]


def test_senml_is_what_the_contract_reads() -> None:
    pack = said(READINGS)["senml/gh1-par"].payload
    assert json.loads(pack)[0]["bt"] == TIME_MS / 1000
    decoded = decode_senml(pack, "gh1-par", "weather", "wuhan")
    assert isinstance(decoded, Pack)
    (block,) = decoded.blocks
    assert block.t0 == TIME_MS
    assert block.c == {"par_umol_m2_s": [3.0], "outside_temperature_degc": [-2.5], "wind_speed_m_s": [1.5]}


def test_a_device_without_readings_says_no_numbers() -> None:
    for message in said({}).values():
        assert message.payload == b"nan" or b"21" not in message.payload
    assert "senml/gh1-par" not in said({})
