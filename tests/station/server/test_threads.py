"""No thread of a station or a gateway ends, whatever its work raises; and each is supervised and reported."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import station.server.http_server as server_module
from edge.agent.agent import run_agent
from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.agent.status import AgentStatus, UplinkStatus, read_status
from edge.pipeline.processor import ChannelProcessor
from edge.sources.connection.reconnect import Backoff
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.subscriber import BrokerMessage, Subscriber
from edge.spool.queue import Spool
from edge.uplink.settings import BrokerSettings
from headland.contract.records import SpoolStatus
from headland.errors import SettingsError
from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import SupervisedThread, faults_of
from ingest.settings import IngestSettings
from station.server.serve import run_station
from station.server.settings import StationSettings
from tests.broker import Broker
from tests.floors.modules import PACKAGES, ROOT
from tests.runtime.test_supervised_thread import RAISED

WaitUntil = Callable[..., None]

#: Threads of the product that are not supervised, and why their end is none of the station.
UNSUPERVISED = {
    "headland/runtime/supervised_thread.py": "the helper itself",
    "station/cli/main.py": "waits for the supervisor's end, and then ends the process",
    "station/server/storage/store_admin.py": "one task on the store, whose failure is its result",
    "station/server/homeassistant/bridge.py": "the client library's network thread, which callbacks cannot end",
    "ingest/mqtt/broker_client.py": "the client library's network thread of one message",
    "headland/network/name_resolver.py": "the system's resolver, which nothing interrupts; callers do not wait longer",
    "station/chaos/": "the fault rig's own traffic",
    "firmware_sim/": "simulated devices",
    "headland/client/": "the caller's",
}
STATION_THREADS = {
    "alarm-worker",
    "garbage-search", "api-live", "forecast-worker", "home-assistant-bridge", "ingest-network", "ingest-writer",
    "notification-apprise-1", "notification-apprise-2",
    "notification-email-1", "notification-email-2", "notification-mqtt-1", "notification-push-1",
    "notification-push-2", "notification-sender",
    *(f"notification-webhook-{number}" for number in range(1, 5)), "delivery-marks",
    "registry-sync", "store-maintenance", "store-writer", "station-clock", "clock-repair", "station-books",
    "record-retention", "gateway-rules", "weather-worker",
}  # fmt: skip
GATEWAY_THREADS = {"batch", "uplink", "source-hall"}


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, SupervisedThread]]:
    """Every supervised thread that is started, by name; failed steps are tried again at once."""
    started: dict[str, SupervisedThread] = {}
    begin = SupervisedThread.start

    def start(thread: SupervisedThread) -> None:
        started[thread.name] = thread
        thread._every_s = min(thread._every_s, 0.02)
        thread._retry_wait_s = lambda _failures: 0.01
        begin(thread)

    monkeypatch.setattr(SupervisedThread, "start", start)
    monkeypatch.setattr("api.live.sources._IDLE_S", 0.05)
    monkeypatch.setattr("headland.store.duckdb.writer._IDLE_S", 0.05)
    monkeypatch.setattr("station.server.notifications.sender._IDLE_S", 0.05)
    yield started
    for thread in started.values():
        thread.stopping.set()


def make_fail(thread: SupervisedThread) -> Callable[[], bool]:
    """Let the thread's next steps raise one thing after another; return whether it has succeeded since all of them."""
    work, left, ended_s = thread.step, list(RAISED), list[float]()

    def fail_or_work() -> object:
        if left:
            error = left.pop()
            if not left:
                ended_s.append(time.monotonic())
            raise error
        return work()

    thread.step = fail_or_work
    return lambda: bool(ended_s) and thread.is_alive() and time.monotonic() - thread.status().success_age_s > ended_s[0]


def test_no_thread_of_a_station_ends_and_readyz_and_metrics_report_each(
    mosquitto: Broker,
    tmp_path: Path,
    free_port: int,
    supervised: dict[str, SupervisedThread],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: WaitUntil,
) -> None:
    monkeypatch.setattr(server_module, "stop_event", threading.Event)
    settings = StationSettings(
        store_url=f"duckdb:///{tmp_path}/farm.duckdb",
        host="127.0.0.1",
        port=free_port,
        ingest=IngestSettings(
            host=mosquitto.host, port=mosquitto.port, organisation="local", quarantine_path=tmp_path / "q.sqlite"
        ),
        registry_url=f"sqlite:///{tmp_path}/registry.sqlite",
        home_prefix="homeassistant",
        api_key_path=tmp_path / "api-key",
    )
    servers: list[server_module.ApiServer] = []

    class Server(server_module.ApiServer):
        def __init__(self, config: uvicorn.Config, manager: ServiceManager | None = None) -> None:
            super().__init__(config, manager)
            servers.append(self)

    monkeypatch.setattr(server_module, "ApiServer", Server)
    station = threading.Thread(target=run_station, args=(settings,), name="test-station", daemon=True)
    station.start()
    with ExitStack() as cleanup:
        cleanup.callback(station.join, 20)
        cleanup.callback(_end_all, servers)
        client = cleanup.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=120))
        wait_until(lambda: servers and servers[0].started and _checks(client)["ingest"]["ok"])
        assert supervised.keys() == STATION_THREADS
        succeeds = {name: make_fail(thread) for name, thread in supervised.items()}
        mosquitto.restart()  # the step of the network is a whole connection
        for name, has_succeeded in succeeds.items():
            wait_until(has_succeeded)
            assert supervised[name].failures >= len(RAISED)
        wait_until(lambda: client.get("/readyz").status_code == 200)
        detail = _checks(client)["threads"]["detail"]
        assert all(f"{name} " in detail for name in STATION_THREADS)
        key = {"Authorization": f"Bearer {(tmp_path / 'api-key').read_text().strip()}"}
        metrics = client.get("/metrics", headers=key).text
        for name in STATION_THREADS:
            assert f'headland_thread_success_age_seconds{{thread="{name}"}}' in metrics
            assert f'headland_thread_failures_total{{thread="{name}"}} {supervised[name].failures}.0' in metrics
    assert not station.is_alive()


def _end_all(servers: list[server_module.ApiServer]) -> None:
    for server in servers:
        server.should_exit = True


def _checks(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in client.get("/readyz").json()["checks"]}


def test_no_thread_of_a_gateway_ends_and_its_status_reports_each(
    mosquitto: Broker,
    tmp_path: Path,
    supervised: dict[str, SupervisedThread],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: WaitUntil,
) -> None:
    source = MqttSettings(name="hall", host=mosquitto.host, port=mosquitto.port, format="tasmota")
    settings = EdgeSettings(
        gateway=GatewaySettings(id="gw-1", site="home", data_dir=str(tmp_path)),
        broker=BrokerSettings(port=mosquitto.port),
        source=[source],
    )
    stop = threading.Event()
    gateway = threading.Thread(target=run_agent, args=(settings, stop), name="test-gateway", daemon=True)
    gateway.start()
    try:
        wait_until(lambda: _status(tmp_path).uplink.connected)
        assert {status.name for status in _status(tmp_path).threads} == supervised.keys() == GATEWAY_THREADS
        succeeds = {name: make_fail(supervised[name]) for name in ("batch", "uplink")}
        # A source connects again by itself: its work is what it receives.
        left, receive = list(RAISED), Subscriber.receive
        monkeypatch.setattr("edge.agent.sources.runner._SOURCE_BACKOFF", Backoff(0.001, 0.001))
        monkeypatch.setattr(Subscriber, "receive", lambda *call: receive(*call) if not left else _raise_next(left))
        monkeypatch.setattr(ChannelProcessor, "tick", _raise)
        monkeypatch.setattr(Spool, "tidy", _raise)
        mosquitto.restart()  # the step of the uplink is a whole connection
        for name in ("batch", "uplink"):
            wait_until(succeeds[name])
        wait_until(lambda: not left and _status(tmp_path).sources[0].counters.get("connects"))
        assert all(thread.failures >= len(RAISED) - 1 for thread in supervised.values())
        wait_until(lambda: _status(tmp_path).uplink.connected)
        assert faults_of(_status(tmp_path).threads) == []
    finally:
        stop.set()
        gateway.join(120)
    assert not gateway.is_alive()


def _raise_next(left: list[BaseException]) -> list[BrokerMessage]:
    raise left.pop()


def _raise(*_: object) -> None:
    raise ZeroDivisionError("the periodic work of the gateway")


def _status(folder: Path) -> AgentStatus:
    try:
        return read_status(folder)
    except SettingsError:
        return AgentStatus(
            gateway="", time_ms=0, started_ms=0, pid=0, software="", epoch="", sources=[], intake={}, spool_counters={},
            spool=SpoolStatus(records=0, bytes=0, oldest_ms=None), uplink=UplinkStatus(connected=False),
        )  # fmt: skip


def test_every_thread_of_the_product_is_made_by_the_helper() -> None:
    found, makers = set[str](), ("Thread", "Timer", "loop_start")
    for package in PACKAGES:
        for path in ROOT.joinpath(package).rglob("*.py"):
            text = path.read_text()
            if not any(word in text for word in makers):
                continue
            for node in ast.walk(ast.parse(text)):
                name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
                if name in makers:
                    found.add(path.relative_to(ROOT).as_posix())
    assert sorted(path for path in found if not path.startswith(tuple(UNSUPERVISED))) == []
