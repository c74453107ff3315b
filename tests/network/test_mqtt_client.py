"""MQTT clients are made in one place, and their small packets go out at once."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from pathlib import Path

from paho.mqtt.client import Client

from edge.uplink.connection import BrokerLink
from edge.uplink.settings import BrokerSettings
from headland.network.mqtt_client import make_client
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.floors.modules import PACKAGES, ROOT
from tests.waiting import wait_until

#: What makes a client of paho, which takes the version of its callbacks first, and what sets one up.
_MAKES = re.compile(r"CallbackAPIVersion|\b(username_pw_set|tls_set|max_inflight_messages_set)\(|mqtt\.Client\(")


def is_sent_at_once(client: Client) -> bool:
    connection = client.socket()
    assert isinstance(connection, socket.socket)
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_each_connection_of_a_client_sends_at_once(mosquitto: Broker) -> None:
    client = make_client("once")
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


def test_one_module_makes_the_clients_of_mqtt() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    makers = [path.relative_to(ROOT).as_posix() for path in files if _MAKES.search(path.read_text(encoding="utf-8"))]
    assert makers == ["headland/network/mqtt_client.py"]
