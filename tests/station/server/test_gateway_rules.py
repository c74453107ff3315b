"""An edited alarm rule on its way: API, registry, broker with its access list, gateway and alarm; also offline."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

import station.server.http_server as server_module
from edge.agent.status import read_status
from edge.pipeline.alarms.farm_rules import RULES_FILE
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_rules import encode_content, encode_rules
from headland.contract.topics import rules_topic
from headland.runtime.service_manager import ServiceManager
from ingest.settings import IngestSettings
from station.local.broker import BrokerUser, prepare_broker
from station.server.serve import run_station
from station.server.settings import StationSettings
from tests.edge.agent.test_frost_night import Night
from tests.ports import listens
from tests.station.local.test_broker import Client, refused
from tests.waiting import WaitUntil

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(300)]

SECRET = "the ack secret of this farm"
USERS = [
    BrokerUser("ingest", "secret-i", "ingest"),
    BrokerUser("gw-1", "secret-1", "gateway"),
    BrokerUser("gw-2", "secret-2", "gateway"),
]


class Broker:
    """mosquitto as a farm configures it."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir()
        self.port = port
        self._command = prepare_broker("mosquitto", folder, port, USERS)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None


class Farm:
    """A station in this process, its broker, and a gateway with a house."""

    def __init__(self, folder: Path, new_port: Callable[[], int], servers: list[server_module.ApiServer]) -> None:
        self._folder, self._port, self._servers = folder, new_port(), servers
        self.broker = Broker(folder / "broker", new_port())
        self.broker.start()
        key = derive_ack_key(SECRET, "gw-1")
        login = f'username = "gw-1"\npassword = "secret-1"\nack_key = "{key}"'
        (folder / "gateway").mkdir()
        self.night = Night(folder / "gateway", self.broker.port, new_port(), login)
        self.start_station()

    def start_station(self) -> None:
        folder = self._folder
        settings = StationSettings(
            store_url=f"duckdb:///{folder}/farm.duckdb",
            host="127.0.0.1",
            port=self._port,
            ingest=IngestSettings(
                port=self.broker.port,
                username="ingest",
                password="secret-i",
                ack_secret=SECRET,
                quarantine_path=folder / "q.sqlite",
            ),
            registry_url=f"sqlite:///{folder}/registry.sqlite",
            api_key_path=folder / "api-key",
        )
        self._station = threading.Thread(target=run_station, args=(settings,), name="test-station", daemon=True)
        self._station.start()

    def stop_station(self) -> None:
        for server in self._servers:
            server.should_exit = True
        self._station.join(60)

    def api(self, method: str, path: str, body: Any = None, etag: str = "") -> Any:
        key = {"Authorization": f"Bearer {(self._folder / 'api-key').read_text().strip()}"}
        headers = key | ({"If-Match": etag} if etag else {})
        url = f"http://127.0.0.1:{self._port}{path}"
        answer = httpx.request(method, url, json=body, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    def standing(self) -> dict[str, Any]:
        """Return what the answer says of gw-1; nothing while the station starts."""
        try:
            items = self.api("GET", "/v1/gateway-rules")["items"]
        except (httpx.HTTPError, FileNotFoundError):
            return {}
        return next((item for item in items if item["gateway"] == "gw-1"), {})

    def edit(self, below: float) -> None:
        (rule,) = [rule for rule in self.api("GET", "/v1/alarm-rules")["items"] if rule["name"] == "frost"]
        rule["any_of"][0][0]["below"] = below
        self.api("PUT", f"/v1/alarm-rules/{rule['id']}", rule, etag=f'"{rule["version"]}"')

    def applied(self) -> str:
        """Return the revision that the gateway applies, by the station's answer; empty until it is the current one."""
        standing = self.standing()
        return str(standing["revision"]) if standing.get("state") == "applied" else ""


@pytest.fixture
def farm(
    tmp_path: Path, new_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> Iterator[Farm]:
    monkeypatch.setattr(server_module, "stop_event", threading.Event)
    monkeypatch.setattr("station.server.workers.registry_sync._SYNC_EVERY_S", 0.2)
    servers: list[server_module.ApiServer] = []

    class Server(server_module.ApiServer):
        def __init__(self, config: Any, manager: ServiceManager | None = None) -> None:
            super().__init__(config, manager)
            servers.append(self)

    monkeypatch.setattr(server_module, "ApiServer", Server)
    with ExitStack() as cleanup:
        made = Farm(tmp_path, new_port, servers)
        cleanup.callback(made.broker.kill)
        cleanup.callback(made.night.end)
        cleanup.callback(made.stop_station)
        wait_until(lambda: listens(made.broker.port))
        yield made


def test_an_edited_frost_limit_raises_the_gateways_alarm_also_without_station_and_network(
    farm: Farm, wait_until: WaitUntil
) -> None:
    night = farm.night
    night.live(0, 9.0)
    wait_until(farm.applied)
    first = farm.applied()
    farm.edit(8.0)
    wait_until(lambda: farm.applied() not in ("", first))
    standing = farm.standing()
    assert "frost" in standing["at_gateway"]
    assert standing["since_ms"] is not None
    assert (standing["refused"], standing["trouble"], standing["reason"]) == (0, "", "")
    # From here on nobody but the gateway is there.
    farm.stop_station()
    farm.broker.kill()
    for minute in range(2, 12, 2):
        night.live(minute, 7.0)
    wait_until(lambda: [alarm.threshold for alarm in read_status(night.data_dir).alarms] == [8.0])
    night.stop_gateway()
    night.start_gateway()
    for minute in range(12, 16, 2):
        night.live(minute, 7.0)
    wait_until(lambda: read_status(night.data_dir).pid and not read_status(night.data_dir).uplink.connected)
    status = read_status(night.data_dir)
    assert [(alarm.rule, alarm.threshold) for alarm in status.alarms] == [("frost", 8.0)]
    assert status.rules is not None
    assert status.rules.revision == standing["revision"]
    assert f"revision {standing['revision']}" in night.shown()
    # It is over above the edited limit and its hysteresis, not above that of Headland's table.
    for minute in range(16, 36, 2):
        night.live(minute, 8.5)
    assert night.alarms() == ["frost"]
    for minute in range(36, 56, 2):
        night.live(minute, 9.5)
    wait_until(lambda: night.alarms() == [])


@pytest.mark.long
def test_faulty_and_foreign_messages_change_nothing_and_the_answer_says_what_is_refused(
    farm: Farm, wait_until: WaitUntil
) -> None:
    night, port = farm.night, farm.broker.port
    night.live(0, 9.0)
    wait_until(farm.applied)
    current = farm.applied()
    kept = (night.data_dir / RULES_FILE).read_bytes()
    # Neither another gateway nor this one may write its topic, and no other one reads it.
    for user, password in (("gw-2", "secret-2"), ("gw-1", "secret-1")):
        assert refused(port, user, password, [rules_topic("gw-1")], wait_until)
    spy = Client(port, "gw-2", "secret-2")
    own, content = Client(port, "gw-1", "secret-1"), encode_content([{"name": "none"}])
    wait_until(lambda: spy.connected and own.connected)
    for client in (spy, own):
        client.mqtt.subscribe(rules_topic("gw-1"), qos=1)
    wait_until(lambda: own.heard)
    (topic, whole) = own.heard[0]
    assert (topic, spy.heard) == (rules_topic("gw-1"), [])
    ingest = Client(port, "ingest", "secret-i")
    wait_until(lambda: ingest.connected)
    key = derive_ack_key(SECRET, "gw-1")
    faults = {
        "farm_rules_repeated": whole,
        "farm_rules_refused_not_readable": whole[: len(whole) // 2],
        "farm_rules_refused_too_large": whole + b" " * 200_000,
        "farm_rules_refused_older": encode_rules("gw-1", 0, content, key),
        "farm_rules_refused_other_gateway": encode_rules("gw-2", 2**40, content, derive_ack_key(SECRET, "gw-2")),
        "farm_rules_refused_not_signed": encode_rules("gw-1", 2**40, content, derive_ack_key("another secret", "gw-1")),
    }

    def counted(name: str) -> int:
        return read_status(night.data_dir).channels.get(name, 0)

    for name, payload in faults.items():
        before = counted(name)
        ingest.mqtt.publish(rules_topic("gw-1"), payload, qos=1, retain=True)
        wait_until(partial(lambda name, before: counted(name) > before, name, before))
        assert (night.data_dir / RULES_FILE).read_bytes() == kept
    assert not [thread for thread in read_status(night.data_dir).threads if thread.fault]
    assert farm.applied() == current, "what it refused is not the current revision, which it still applies"
    assert spy.heard == []
    # The next edit replaces the last of these on the broker, too.
    farm.edit(6.0)
    wait_until(lambda: farm.applied() not in ("", current))
    for client in (spy, own, ingest):
        client.close()


@pytest.mark.long
def test_a_gateway_with_another_key_refuses_and_the_answer_says_so_with_the_time(
    farm: Farm, wait_until: WaitUntil
) -> None:
    night = farm.night
    night.live(0, 9.0)
    wait_until(farm.applied)
    night.stop_gateway()
    text = night.config.read_text(encoding="utf-8")
    key = derive_ack_key(SECRET, "gw-1")
    night.config.write_text(text.replace(key, derive_ack_key("another secret", "gw-1")), encoding="utf-8")
    night.start_gateway()
    farm.edit(5.0)
    wait_until(lambda: farm.standing().get("state") == "refused")
    standing = farm.standing()
    assert standing["reason"] == "not_signed"
    assert standing["since_ms"] is not None
    assert standing["applied_revision"] not in ("", standing["revision"]), "it goes on with what it had"
