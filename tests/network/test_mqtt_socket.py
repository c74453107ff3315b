"""Sockets of MQTT clients: small packets go out at once."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.uplink.connection import BrokerLink
from edge.uplink.settings import BrokerSettings
from headland.network.mqtt_socket import send_at_once
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.floors.modules import PACKAGES, ROOT
from tests.waiting import wait_until

_MAKES = re.compile(r"\bClient\(\s*CallbackAPIVersion|self\._make_reader\(\s*CallbackAPIVersion")


def is_sent_at_once(client: Client) -> bool:
    connection = client.socket()
    assert isinstance(connection, socket.socket)
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_each_connection_of_a_client_sends_at_once(mosquitto: Broker) -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    send_at_once(client)
    client.connect(mosquitto.host, mosquitto.port)
    assert is_sent_at_once(client)
    client.reconnect()
    assert is_sent_at_once(client)
    client.disconnect()


def test_a_gateway_and_ingest_send_at_once(mosquitto: Broker, tmp_path: Path) -> None:
    with closing(BrokerLink(BrokerSettings(host=mosquitto.host, port=mosquitto.port), "gw", None)) as link:
        link.open()
        assert is_sent_at_once(link._client)
    settings = IngestSettings(quarantine_path=tmp_path / "quarantine.sqlite", port=mosquitto.port)
    service = IngestService(settings, MemoryStore())
    service.start()
    wait_until(lambda: service.health().ok)
    client = service._subscriber._client
    assert client is not None
    assert is_sent_at_once(client)
    service.stop()


def test_every_client_that_headland_makes_sends_at_once() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    made = {name: len(_MAKES.findall(text)) for name, text in texts.items() if _MAKES.search(text)}
    assert len(made) >= 9
    assert made == {name: len(re.findall(r"^ +send_at_once\(", texts[name], re.MULTILINE)) for name in made}
