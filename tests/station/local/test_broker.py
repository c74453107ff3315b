import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.topics import ack_topic, data_topic, meta_topic, senml_topic, status_topic
from headland.errors import SettingsError
from station.local.broker import BrokerUser, choose_broker, prepare_broker
from station.local.broker_listener import Listener
from tests.ports import listens
from tests.waiting import WaitUntil

USERS = [
    BrokerUser("ingest", "secret-i", "ingest"),
    BrokerUser("gw-1", "secret-1", "gateway"),
    BrokerUser("gw-2", "secret-2", "gateway"),
    BrokerUser("nodes", "secret-n", "devices"),
]


class Client:
    """A paho client that keeps what it hears."""

    def __init__(self, port: int, user: str, password: str, session: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.connected: bool | None = None
        self.puback: list[bool] = []
        self.subscribed = 0
        self.limits: dict[str, Any] = {}
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, session, protocol=mqtt.MQTTv5)
        self.mqtt.username_pw_set(user, password)
        self.mqtt.on_connect = self._on_connect
        self.mqtt.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self.mqtt.on_publish = lambda _c, _u, _mid, reason, _p: self.puback.append(not reason.is_failure)
        self.mqtt.on_subscribe = lambda *_: setattr(self, "subscribed", self.subscribed + 1)
        kept: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        kept.SessionExpiryInterval = 60 if session else 0
        self.mqtt.connect("127.0.0.1", port, clean_start=not session, properties=kept)
        self.mqtt.loop_start()

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, properties: Any) -> None:
        self.limits = properties.json()
        self.connected = not reason.is_failure

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


@contextmanager
def running(kind: Literal["mosquitto", "iotcore"], folder: Path, port: int) -> Iterator[None]:
    with subprocess.Popen(prepare_broker(kind, folder, port, USERS), stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.services("mosquitto")), "iotcore"])
def broker_port(request: pytest.FixtureRequest, tmp_path: Path, free_port: int, wait_until: WaitUntil) -> Iterator[int]:
    with running(request.param, tmp_path, free_port):
        wait_until(lambda: listens(free_port))
        yield free_port


@pytest.fixture
def connect(broker_port: int) -> Iterator[Callable[[str, str], Client]]:
    clients: list[Client] = []

    def make(user: str, password: str) -> Client:
        clients.append(Client(broker_port, user, password))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_a_wrong_password_is_refused(connect: Callable[[str, str], Client], wait_until: WaitUntil) -> None:
    wrong, right = connect("gw-1", "secret-2"), connect("gw-1", "secret-1")
    wait_until(lambda: right.connected)
    assert wrong.connected is not True


def test_data_reaches_ingest_and_the_ack_comes_back(
    connect: Callable[[str, str], Client], wait_until: WaitUntil
) -> None:
    ingest, gateway = connect("ingest", "secret-i"), connect("gw-1", "secret-1")
    wait_until(lambda: ingest.connected and gateway.connected)
    ingest.mqtt.subscribe("headland/v1/data/+/+", qos=1)
    gateway.mqtt.subscribe(ack_topic("gw-1"), qos=1)
    wait_until(lambda: ingest.subscribed and gateway.subscribed)
    gateway.mqtt.publish(data_topic("gw-1"), b"batch", qos=1)
    wait_until(lambda: ingest.heard == [(data_topic("gw-1"), b"batch")])
    ingest.mqtt.publish(ack_topic("gw-1"), b"ack", qos=1, retain=True)
    wait_until(lambda: gateway.heard == [(ack_topic("gw-1"), b"ack")])


def test_the_largest_allowed_payload_passes(connect: Callable[[str, str], Client], wait_until: WaitUntil) -> None:
    ingest, gateway = connect("ingest", "secret-i"), connect("gw-1", "secret-1")
    wait_until(lambda: ingest.connected and gateway.connected)
    ingest.mqtt.subscribe("headland/v1/data/+/+", qos=1)
    wait_until(lambda: ingest.subscribed)
    payload = b"x" * 128 * 1024
    gateway.mqtt.publish(data_topic("gw-1"), payload, qos=1)
    wait_until(lambda: ingest.heard == [(data_topic("gw-1"), payload)])


def refused(port: int, user: str, password: str, topics: list[str], wait_until: WaitUntil) -> bool:
    """Publish to each topic on a connection of its own; return whether the broker refused all.

    mosquitto answers a refused message at its next turn, which comes once a second.
    """
    clients = [Client(port, user, password) for _ in topics]
    try:
        for client, topic in zip(clients, topics, strict=True):
            wait_until(lambda client=client: client.connected)  # type: ignore[misc] # mypy does not see the default
            client.mqtt.publish(topic, b"x", qos=1)
        wait_until(lambda: all(client.puback for client in clients))
        return all(client.puback == [False] for client in clients)
    finally:
        for client in clients:
            client.close()


@pytest.mark.services("mosquitto")
def test_a_gateway_writes_only_its_own_topics(tmp_path: Path, free_port: int, wait_until: WaitUntil) -> None:
    with running("mosquitto", tmp_path, free_port):
        wait_until(lambda: listens(free_port))
        gateway, ingest = Client(free_port, "gw-1", "secret-1"), Client(free_port, "ingest", "secret-i")
        try:
            wait_until(lambda: ingest.connected and gateway.connected)
            for topic in ("data/+/+", "senml/+/+", "meta/+/+", "status/+"):
                ingest.mqtt.subscribe(f"headland/v1/{topic}", qos=1)
            wait_until(lambda: ingest.subscribed == 4)
            foreign = [data_topic("gw-2"), status_topic("gw-2"), meta_topic("gw-2", "d"), senml_topic("gw-2", "d")]
            own = [data_topic("gw-1"), status_topic("gw-1"), meta_topic("gw-1", "d"), senml_topic("gw-1", "d")]
            assert refused(free_port, "gw-1", "secret-1", [*foreign, ack_topic("gw-1")], wait_until)
            for topic in own:
                gateway.mqtt.publish(topic, b"x", qos=1)
            wait_until(lambda: gateway.puback == [True] * 4)
            wait_until(lambda: len(ingest.heard) == 4)
            assert [topic for topic, _ in ingest.heard] == own
        finally:
            gateway.close()
            ingest.close()


@pytest.mark.services("mosquitto")
def test_devices_speak_their_own_topics_and_reach_no_gateways(
    tmp_path: Path, free_port: int, wait_until: WaitUntil
) -> None:
    with running("mosquitto", tmp_path, free_port):
        wait_until(lambda: listens(free_port))
        nodes, listener = (Client(free_port, "nodes", "secret-n") for _ in range(2))
        try:
            wait_until(lambda: nodes.connected and listener.connected)
            own = ["application/a/device/d/event/up", "zigbee2mqtt/n", "gh1-esp/sensor/co2/state", "gh1-esp/status"]
            for topic in own:
                listener.mqtt.subscribe(topic, qos=1)
            wait_until(lambda: listener.subscribed == 4)
            foreign = [data_topic("gw-1"), status_topic("gw-1"), senml_topic("gw-1", "d")]
            assert refused(free_port, "nodes", "secret-n", foreign, wait_until)
            for topic in own:
                nodes.mqtt.publish(topic, b"x", qos=1)
            wait_until(lambda: nodes.puback == [True] * 4)
            wait_until(lambda: len(listener.heard) == 4)
            assert [topic for topic, _ in listener.heard] == own
        finally:
            nodes.close()
            listener.close()


def test_iotcore_has_a_port_for_devices_that_speak_mqtt_3(
    tmp_path: Path, new_port: Callable[[], int], wait_until: WaitUntil
) -> None:
    port, devices_port = new_port(), new_port()
    command = prepare_broker("iotcore", tmp_path, port, USERS, None, devices_port)
    heard: list[str] = []
    ready: list[object] = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: listens(port) and listens(devices_port))
            device = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
            device.username_pw_set("nodes", "secret-n")
            device.on_connect = lambda client, *_: client.subscribe("senml/#")
            device.on_subscribe = lambda *_: ready.append(True)
            device.on_message = lambda _c, _u, message: heard.append(message.topic)
            device.connect("127.0.0.1", devices_port)
            device.loop_start()
            wait_until(lambda: ready)
            device.publish("senml/n", b"[]")
            wait_until(lambda: heard == ["senml/n"])
            device.disconnect()
            device.loop_stop()
        finally:
            process.kill()


@pytest.mark.services("mosquitto")
def test_mosquitto_has_nothing_to_say_about_its_configuration(
    tmp_path: Path, new_port: Callable[[], int], wait_until: WaitUntil
) -> None:
    port, door = new_port(), new_port()
    command = prepare_broker("mosquitto", tmp_path, port, USERS, Listener(host="127.0.0.1", port=door))
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            wait_until(lambda: listens(port) and listens(door))
        finally:
            process.kill()
    said = (tmp_path / "log").read_text().splitlines()
    assert [line for line in said if "should not be run as root" not in line] == []


@pytest.mark.services("mosquitto")
def test_what_waits_for_an_absent_ingest_is_not_cut_at_a_thousand_messages(
    tmp_path: Path, free_port: int, wait_until: WaitUntil
) -> None:
    with running("mosquitto", tmp_path, free_port):
        wait_until(lambda: listens(free_port))
        absent = Client(free_port, "ingest", "secret-i", session="ingest-0")
        wait_until(lambda: absent.connected)
        absent.mqtt.subscribe("headland/v1/data/+/+", qos=1)
        wait_until(lambda: absent.subscribed)
        absent.close()
        gateway = Client(free_port, "gw-1", "secret-1")
        wait_until(lambda: gateway.connected)
        for _ in range(3000):
            gateway.mqtt.publish(data_topic("gw-1"), b"batch", qos=1)
        wait_until(lambda: len(gateway.puback) == 3000)
        gateway.close()
        back = Client(free_port, "ingest", "secret-i", session="ingest-0")
        wait_until(lambda: len(back.heard) == 3000)
        back.close()


@pytest.mark.services("mosquitto")
def test_a_broker_says_what_it_takes(tmp_path: Path, free_port: int, wait_until: WaitUntil) -> None:
    with running("mosquitto", tmp_path, free_port):
        wait_until(lambda: listens(free_port))
        gateway = Client(free_port, "gw-1", "secret-1")
        wait_until(lambda: gateway.connected)
        gateway.close()
        assert (gateway.limits["ReceiveMaximum"], gateway.limits["MaximumPacketSize"]) == (1000, 262_144)


def test_the_broker_that_pip_brings_is_not_opened_to_the_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--listen needs mosquitto"):
        prepare_broker("iotcore", tmp_path, 1, USERS, Listener(host="0.0.0.0", port=2))


def test_mosquitto_that_is_wanted_and_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("station.local.broker._SBIN", ())
    assert choose_broker("auto") == "iotcore"
    with pytest.raises(SettingsError, match="apt-get install mosquitto"):
        choose_broker("mosquitto")


def test_passwords_are_not_readable_by_others(tmp_path: Path) -> None:
    prepare_broker("iotcore", tmp_path, 1, USERS)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
