"""MQTT devices on a real broker: retained messages, times, units from discovery, and a broker that is killed."""

from __future__ import annotations

import json
import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.sources.devices.nodes import name_device
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.source import MqttSource
from edge.survey.listener import listen
from edge.survey.proposals import propose
from edge.survey.survey import BrokerSurvey
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from tests.broker import Broker
from tests.edge.running import running
from tests.edge.sinks import ListSink
from tests.edge.survey.device_classes import CLASSES
from tests.waiting import WaitUntil

TEMPERATURE = {"from": "temperature", "channel": "air_temperature_degc"}


class Publisher:
    """A device that publishes, and waits until the broker has it."""

    def __init__(self, broker: Broker) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def publish(self, topic: str, payload: Any, *, retain: bool = False) -> bool:
        """Return False, so that a wait can publish again until the message arrives."""
        data = payload if isinstance(payload, bytes | str) else json.dumps(payload)
        self._client.publish(topic, data, qos=1, retain=retain).wait_for_publish(120)
        return False

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def device(mosquitto: Broker) -> Iterator[Publisher]:
    device = Publisher(mosquitto)
    yield device
    device.close()


def make(broker: Broker, kind: str, **more: Any) -> MqttSource:
    table = {"type": "mqtt", "name": "local", "format": kind, "host": broker.host, "port": broker.port, **more}
    return MqttSource(msgspec.convert(table, MqttSettings), "gw-1", "home")


def values(sink: ListSink) -> list[tuple[str, Any]]:
    return [(row.source.device, dict(row.values)) for row in list(sink.readings)]


def test_a_retained_state_is_no_sample_and_a_live_one_has_the_time_of_arrival(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    device.publish("tele/gh-1/SENSOR", {"SHT3X": {"Temperature": 99.0}, "TempUnit": "C"}, retain=True)
    mapped = [{"from": "SHT3X/Temperature", "channel": "air_temperature_degc"}]
    source = make(mosquitto, "tasmota", channel=mapped)
    with running(source) as sink:
        wait_until(lambda: source.counters()["retained_ignored"] == 1)
        before_ms = wall_clock_ms()
        device.publish("tele/gh-1/SENSOR", {"SHT3X": {"Temperature": 68.0}, "TempUnit": "F"}, retain=True)
        wait_until(lambda: sink.readings)
    assert values(sink) == [("local.gh-1", {"air_temperature_degc": pytest.approx(20.0)})]
    assert sink.readings[0].clock == Clock.ARRIVAL
    assert before_ms <= sink.readings[0].time_ms <= wall_clock_ms()


def test_discovery_may_be_retained_and_provides_units(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    config = {"stat_t": "gh1/sensor/air_temperature/state", "unit_of_meas": "°F", "dev": {"ids": "aa", "name": "node"}}
    device.publish("homeassistant/sensor/gh1/air_temperature/config", config, retain=True)
    device.publish("gh1/sensor/air_temperature/state", "99", retain=True)
    source = make(mosquitto, "home_assistant", node=[{"match": "node", "device": "bench-1"}], listed_only=True)
    with running(source) as sink:
        wait_until(lambda: source.counters()["retained_ignored"] == 1)
        for state in ("68", "nan", "broken"):
            device.publish("gh1/sensor/air_temperature/state", state, retain=True)
        late = {**config, "stat_t": "gh1/co2", "unit_of_meas": "furlong"}
        device.publish("homeassistant/sensor/gh1/co2/config", late)
        wait_until(lambda: source.counters()["descriptions"] == 2)
        wait_until(lambda: device.publish("gh1/co2", "400") or source.counters()["messages"] >= 4)
    assert values(sink) == [
        ("bench-1", {"air_temperature_degc": pytest.approx(20.0)}),
        ("bench-1", {"air_temperature_degc": None}),
    ]
    assert source.counters()["refused_value"] == 1
    assert source.counters()["refused_unit"] >= 1


def test_zigbee_units_come_from_the_bridge_and_an_unknown_one_is_refused(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    exposes = [{"property": "temperature", "unit": "°C"}]
    bridge = [
        {
            "friendly_name": "tent",
            "ieee_address": "0x01",
            "definition": {"vendor": "A", "model": "B", "exposes": exposes},
        }
    ]
    device.publish("zigbee2mqtt/bridge/devices", bridge, retain=True)
    humidity = {"from": "humidity", "channel": "relative_humidity_pct"}
    source = make(mosquitto, "zigbee2mqtt", channel=[TEMPERATURE, humidity], interval_s=600)
    with running(source) as sink:
        wait_until(lambda: source.counters()["descriptions"] == 1)
        device.publish("zigbee2mqtt/tent", {"temperature": 21.5, "humidity": 60, "battery": 90})
        wait_until(lambda: sink.readings)
    assert values(sink) == [("local.tent", {"air_temperature_degc": 21.5})]
    assert (source.counters()["refused_unit"], source.counters()["unmapped"]) == (1, 1)
    assert sink.descriptors[0].model == "A B"
    assert sink.descriptors[0].channels["air_temperature_degc"].interval_s == 600


def test_an_uplink_has_the_time_of_its_reception(mosquitto: Broker, device: Publisher, wait_until: WaitUntil) -> None:
    def uplink(at: str, value: float) -> dict[str, Any]:
        return {
            "deviceInfo": {"devEui": "01", "deviceName": "field-3"},
            "object": {"temperature": value},
            "rxInfo": [{"gwTime": at}],
        }

    source = make(mosquitto, "chirpstack", channel=[TEMPERATURE], node=[{"match": "field-3", "device": "f3"}])
    with running(source) as sink:
        wait_until(lambda: source.counters()["connects"] == 1)
        topic = "application/17/device/01/event/up"
        wait_until(lambda: device.publish(topic, uplink("2026-09-21T14:13:20Z", 1.0)) or sink.readings)
        device.publish(topic, uplink("1980-01-06T00:00:00Z", 2.0))
        device.publish(topic, {"deviceInfo": {"devEui": "01"}, "data": "qg=="})
        device.publish(topic, b"\xff")
        wait_until(lambda: source.counters()["refused_json"] == 1)
    assert (sink.readings[0].clock, sink.readings[0].time_ms) == (Clock.RTC, 1_790_000_000_000)
    assert values(sink)[-1] == ("f3", {"air_temperature_degc": 2.0})
    assert sink.readings[-1].clock == Clock.ARRIVAL
    assert source.counters()["refused_shape"] == 1


def test_an_uplink_that_is_a_simulators_marks_its_device(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    message = {
        "end_device_ids": {"device_id": "d"},
        "uplink_message": {"decoded_payload": {"co2_ppm": 400}},
        "simulated": True,
    }
    source = make(mosquitto, "things_stack")
    with running(source) as sink:
        wait_until(lambda: device.publish("v3/a@ttn/devices/d/up", message) or sink.readings)
    assert sink.readings[0].source.simulated
    assert sink.descriptors[-1].simulated


def test_line_protocol_and_senml_accept_names_that_are_channels(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    influx = make(mosquitto, "line_protocol", sender="house", precision="ms", name="influx")
    senml = make(mosquitto, "senml", name="senml")
    with running(influx) as lines, running(senml) as packs:
        wait_until(
            lambda: device.publish("influx/x", "climate,house=gh-1 co2_ppm=400,t=1 1790000000000") or lines.readings
        )
        wait_until(
            lambda: device.publish("senml/gh-2", [{"n": "air_temperature", "u": "Cel", "v": 20}]) or packs.readings
        )
    assert values(lines)[0] == ("influx.gh-1", {"co2_ppm": 400.0})
    assert lines.readings[0].time_ms == 1_790_000_000_000
    assert values(packs)[0] == ("senml.gh-2", {"air_temperature_degc": 20.0})


def test_plain_json_is_read_and_what_is_wrong_with_it_is_said(
    mosquitto: Broker, device: Publisher, wait_until: WaitUntil
) -> None:
    own = {"from": "clock", "format": "unix_s"}
    source = make(mosquitto, "json", topic="garden/+/state", channel=[{**TEMPERATURE, "unit": "degC"}], time=own)
    # MicroPython counts from 2000.
    payload = {"temperature": 21.5, "weight": 3.5, "clock": round(time.time()) - 946_684_800}
    with running(source) as sink:
        wait_until(lambda: device.publish("garden/esp/state", payload) or sink.readings)
    assert values(sink)[0] == ("local.esp", {"air_temperature_degc": 21.5})
    assert sink.readings[0].clock == Clock.ARRIVAL
    assert source.counters()["clock_from_2000"] > 0
    (warning,) = source.warnings()
    assert "local.esp is 30 years behind" in warning
    (note,) = source.notes()
    assert note.startswith("local.esp: no channel for weight (3.5)")


def test_a_broker_is_listened_to(mosquitto: Broker, device: Publisher) -> None:
    settings = MqttSettings(name="listen", format="json", host=mosquitto.host, port=mosquitto.port, topic="#")
    device.publish("garden/esp/state", {"temperature_c": 21.5}, retain=True)
    survey = listen(settings, 1.0, threading.Event())
    device.publish("garden/esp/state", b"", retain=True)
    assert survey.topics["garden/esp/state"].numbers == {"temperature_c": "21.5"}
    assert survey.topics["garden/esp/state"].retained == 1


def test_a_broker_that_is_killed_is_retried(mosquitto: Broker, wait_until: WaitUntil) -> None:
    source = make(mosquitto, "senml")
    pack = [{"n": "co2_ppm", "v": 400}]
    with running(source) as sink:
        first = Publisher(mosquitto)
        wait_until(lambda: first.publish("senml/a", pack) or sink.readings)
        first.close()
        mosquitto.kill()
        wait_until(lambda: source.counters()["lost"] == 1)
        mosquitto.start()
        wait_until(lambda: source.counters()["connects"] == 2)
        second = Publisher(mosquitto)
        wait_until(lambda: second.publish("senml/b", pack) or any(name == "local.b" for name, _ in values(sink)))
        second.close()


@pytest.mark.services
def test_a_broker_that_refuses_is_reported_and_retried_slowly(
    tmp_path: Any, wait_until: WaitUntil, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker(tmp_path / "closed", lines=["allow_anonymous false"])
    broker.start()
    source = make(broker, "senml")
    with running(source):
        wait_until(lambda: "local is lost, reconnecting: the broker" in caplog.text)
        assert source.counters()["lost"] == 1
        assert "it refuses the connection: Not authorized" in caplog.text
    assert source.counters()["connects"] == 0
    broker.kill()


def test_a_broker_that_refuses_the_subscription_is_reported(
    free_port: int, wait_until: WaitUntil, caplog: pytest.LogCaptureFixture
) -> None:
    table = {"type": "mqtt", "name": "local", "format": "senml", "port": free_port}
    with socket.create_server(("127.0.0.1", free_port)) as server:
        source = MqttSource(msgspec.convert(table, MqttSettings), "gw-1", "home")
        with running(source):
            peer, _ = server.accept()
            with peer:
                peer.recv(1024)
                peer.sendall(b"\x20\x02\x00\x00")  # MQTT 3.1.1, section 3.2: CONNACK, accepted
                subscribe = peer.recv(1024)
                peer.sendall(b"\x90\x03" + subscribe[2:4] + b"\x80")  # section 3.9: SUBACK, failure
                wait_until(lambda: source.counters()["lost"] == 1)
    assert "it refuses the subscription to senml/#" in caplog.text


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"sender": "x"}, "sender is for format line_protocol only"),
        ({"listed_only": True}, "needs at least one"),
        ({"ca": "x.pem"}, "ca needs tls"),
        ({"channel": [{"from": "x", "channel": "warmth"}]}, "is not a channel"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({"type": "mqtt", "name": "local", "format": "senml", **more}, MqttSettings)


def test_what_is_proposed_for_a_broker_reads_it(mosquitto: Broker, device: Publisher, wait_until: WaitUntil) -> None:
    chosen = ("Zigbee2MQTT climate", "Tasmota climate", "The Things Stack, normalized", "ChirpStack v4")
    cases = [case for case in CLASSES if case.name in chosen]
    expected = {key: each for case in cases for key, each in case.stored.items()}

    def publish() -> bool:
        for topic, payload in (message for case in cases for message in case.messages):
            device.publish(topic, payload, retain=topic.endswith("/bridge/devices"))
        return False

    heard: list[BrokerSurvey] = []
    address = MqttSettings(name="listen", format="json", host=mosquitto.host, port=mosquitto.port, topic="#")
    listener = threading.Thread(target=lambda: heard.append(listen(address, 2.0, threading.Event())))
    listener.start()
    while listener.is_alive():
        publish()
        listener.join(0.2)
    tables = tomllib.loads(propose(heard[0].topics))["source"]
    assert len(tables) == len(chosen)
    stored: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        here = {"host": mosquitto.host, "port": mosquitto.port}
        sources = [MqttSource(msgspec.convert(table | here, MqttSettings), "gw-1", "home") for table in tables]
        sinks = [stack.enter_context(running(source)) for source in sources]
        wait_until(lambda: publish() or all(source.counters()["rows"] > 2 for source in sources))
        for name, row in (value for sink in sinks for value in values(sink)):
            stored.setdefault(name, {}).update(row)
    assert len(stored) == len(expected) == 8
    for key, channels in expected.items():
        source, _, name = key.partition(".")
        assert stored[name_device(source, name)] == pytest.approx(channels, abs=1e-3)
