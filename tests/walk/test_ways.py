"""The ways of docs/explanation, walked: each step is entered in the order that the page tells, and no file is left out.

What is measured is a run of the real parts: device, gateway, broker, ingest, store and API.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from api.app import create_app
from edge.agent.agent import run_agent
from edge.agent.settings import load_settings
from edge.agent.status import read_status
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.certificate import enrol_gateway
from edge.uplink.uplink import Uplink
from firmware_sim.drone.simulator import Drone, DroneSettings
from headland.clock import wall_clock_ms
from headland.contract.topics import senml_topic
from headland.registry.registry import open_registry
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from headland.units_of_time import DAY_MS
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.workers.alarm_worker import AlarmWorker
from tests.api.farm import fill_farm
from tests.api.registry_api import RegistryApi
from tests.api.server import serve
from tests.api.spread_field import serve_spread_field
from tests.api.walked_requests import as_applied, certificate, climate
from tests.broker import Broker
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.edge.sources.modbus.test_source import WORDS
from tests.ingest.gateway import Gateway
from tests.ports import find_free_port
from tests.station.local.enrolment.enrolled_farm import enrolled_farm
from tests.waiting import wait_until
from tests.walk.way_tracer import Trace, Way, WayTracer, check_way, read_way

ORGANISATION: Final = "local"
EDGE_TOML: Final = """
[gateway]
id = "gw-1"
site = "home"
data_dir = "edge"

[broker]
port = {broker}

[batch]
max_age_s = 0.05
"""
MODBUS_TOML: Final = """
[[source]]
type = "modbus_tcp"
name = "house-1"
host = "127.0.0.1"
port = {port}
device = "gh-1"
registers = "greenhouse-sim.toml"
poll_s = 0.05

[[alarm]]
name = "warm"
kind = "greenhouse"
channel = "air_temperature_degc"
above = 20.0
for_s = 0.0
"""
MAVLINK_TOML: Final = """
[[source]]
type = "mavlink"
name = "uav"
url = "udpin:127.0.0.1:{port}"

[[alarm]]
name = "warm"
kind = "greenhouse"
channel = "air_temperature_degc"
above = 20.0
"""
ALL: Final = SeriesFilter(ORGANISATION)
POSITIONS: Final = SeriesFilter(ORGANISATION, channels=frozenset({"latitude_deg"}))
#: The message id of GLOBAL_POSITION_INT, as a frame of MAVLink 2 has it.
_POSITION_ID: Final = (33).to_bytes(3, "little")
#: The register of the air temperature [0.01 degC], and the lower word of the device's clock [s].
AIR, SECONDS = 10, 1


class Farm:
    """Broker, ingest and store of a folder, and the gateway that a test adds."""

    def __init__(self, folder: Path, broker: Broker, tracer: WayTracer) -> None:
        self.folder, self.broker, self.tracer = folder, broker, tracer
        self.store = DuckDBStore(folder / "store.duckdb")
        settings = IngestSettings(quarantine_path=folder / "q.sqlite", host=broker.host, port=broker.port)
        self._ingest = IngestService(settings, self.store)
        self._ingest.start()
        wait_until(lambda: self._ingest.health().ok)

    @contextmanager
    def gateway(self, source_toml: str, port: int) -> Iterator[None]:
        """Run a gateway with a source at a port."""
        config = self.folder / "edge.toml"
        toml = EDGE_TOML.format(broker=self.broker.port) + source_toml.format(port=port)
        config.write_text(toml, encoding="utf-8")
        stop = threading.Event()
        agent = threading.Thread(target=run_agent, args=(load_settings(config, {}), stop))
        agent.start()
        try:
            yield
        finally:
            stop.set()
            agent.join(120)

    def newest_ms(self, which: SeriesFilter = ALL) -> int:
        """Return the time of the newest committed sample, 0 without one."""
        return max((sample.time_ms for sample in self.store.last(which)), default=0)

    def await_silence(self) -> None:
        """Wait until the gateway has nothing on its way: no row waits, and its counters stand still."""
        seen: list[tuple[int, object]] = []

        def is_silent() -> bool:
            status = read_status(self.folder / "edge")
            counts = (status.intake, status.spool_counters, status.uplink.acked_seq)
            if not seen or status.time_ms != seen[-1][0]:
                seen.append((status.time_ms, counts))
            is_empty = status.spool.records == 0 and status.intake["queued"] == 0
            return is_empty and len(seen) > 2 and seen[-2][1] == seen[-1][1]

        wait_until(is_silent)

    def close(self) -> None:
        self._ingest.stop()
        self.store.close()


@pytest.fixture
def tracer() -> Iterator[WayTracer]:
    made = WayTracer()
    with made.installed():
        yield made


@pytest.fixture
def farm(mosquitto: Broker, tmp_path: Path, tracer: WayTracer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    # The status is sent at the beginning alone: no message but those of the datum passes ingest.
    monkeypatch.setattr("edge.uplink.announcer._CHECK_S", 3600.0)
    monkeypatch.setattr("edge.agent.agent.STATUS_S", 0.2)
    made = Farm(tmp_path, mosquitto, tracer)
    yield made
    made.close()


def _walk_alarm(farm: Farm, way: Way) -> Trace:
    """Follow a register that becomes warm until the API lists its alarm."""
    now_s = wall_clock_ms() // 1000
    cold = {**WORDS, 0: now_s >> 16, SECONDS: now_s & 0xFFFF, AIR: 1500}
    peer = ModbusPeer(find_free_port(), cold)
    registry = open_registry(f"sqlite:///{farm.folder}/registry.sqlite")
    worker = AlarmWorker(registry, farm.store, ORGANISATION, None)
    app = create_app(farm.store, organisation=ORGANISATION, readiness=list, counters=dict, registry=registry)
    peer.start()
    with serve(app) as client, farm.gateway(MODBUS_TOML, peer.port):
        wait_until(farm.newest_ms)
        farm.await_silence()
        with farm.tracer.tracing(way) as trace:
            wait_until(lambda: trace.has_begun)
            peer.registers = {**cold, SECONDS: (now_s + 1) & 0xFFFF, AIR: 2500}
            wait_until(lambda: farm.store.events(ORGANISATION, 0, wall_clock_ms() + DAY_MS))
            worker.evaluate()
            (alarm,) = client.get("/v1/alarms").json()["items"]
    assert (alarm["rule"], alarm["subject"], alarm["by_gateway"]) == ("warm", "gh-1", True)
    peer.stop()
    registry.close()
    return trace


def _walk_position(farm: Farm, way: Way) -> Trace:
    """Follow one position of a vehicle that is known, and has been silent, until it is committed."""
    port = find_free_port()
    drone = Drone(DroneSettings(), wall_clock_ms())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, farm.gateway(MAVLINK_TOML, port):

        def send(frames: list[bytes]) -> int:
            for frame in frames:
                sender.sendto(frame, ("127.0.0.1", port))
            return farm.newest_ms(POSITIONS)

        wait_until(lambda: send(drone.step()), every_s=0.02)
        farm.await_silence()
        stored_ms = farm.newest_ms(POSITIONS)
        position = next(frame for frame in _frames_of(drone) if frame[7:10] == _POSITION_ID)
        with farm.tracer.tracing(way) as trace:
            send([position])
            wait_until(lambda: farm.newest_ms(POSITIONS) > stored_ms)
    return trace


def _frames_of(drone: Drone) -> Iterator[bytes]:
    while True:
        yield from drone.step()


def _walk_senml(farm: Farm, way: Way) -> Trace:
    """Follow a message of a SenML device until its values are committed and what it cannot have is in quarantine."""
    pack = (
        b'[{"bn":"urn:dev:","bt":1790000000,"n":"air_temperature","u":"Cel","v":21.5},{"n":"wind","u":"furlong","v":1}]'
    )
    with Gateway(farm.broker.host, farm.broker.port) as gateway, farm.tracer.tracing(way) as trace:
        gateway.publish(senml_topic("gw-1", "bed-7"), pack)
        wait_until(farm.newest_ms)
    return trace


def _walk_enrolment(folder: Path, tracer: WayTracer, way: Way) -> Trace:
    """Follow a code until the gateway's first connection."""
    card = folder / "card"
    with enrolled_farm(folder) as farm, tracer.tracing(way) as trace:
        code = farm.code_of("barn")
        assert enrol_gateway(farm.url, code, card) == "barn"
        spool = Spool(folder / "spool.sqlite", SpoolOwner("barn", "home"), 50_000_000)
        uplink = Uplink(load_settings(card / "edge.toml", os.environ).broker, "barn", spool)
        uplink.start()
        wait_until(lambda: uplink.state().connected)
        uplink.stop(0)
        spool.close()
    return trace


def _check(way: Way, trace: Trace) -> None:
    """Compare a way with a run, and see that the comparison fails for another order, name or set of files."""
    faults = check_way(way, trace)
    assert faults == [], "\n".join(faults)
    steps = way.steps
    for at in range(len(steps) - 1):
        swapped = (*steps[:at], steps[at + 1], steps[at], *steps[at + 2 :])
        assert check_way(replace(way, steps=swapped), trace), steps[at]
        renamed = replace(steps[at], functions=("no_such_function",))
        assert check_way(replace(way, steps=(*steps[:at], renamed, *steps[at + 1 :])), trace), steps[at]
    for file in way.between:
        assert check_way(replace(way, between=way.between - {file}), trace) == [f"{file} is left out"]


@pytest.mark.services
@pytest.mark.parametrize(
    ("name", "walk"),
    [
        ("a position", _walk_position),
        ("a SenML message", _walk_senml),
        ("a Modbus register to an alarm", _walk_alarm),
    ],
)
def test_a_datum_takes_its_way_to_the_station(farm: Farm, name: str, walk: Callable[[Farm, Way], Trace]) -> None:
    way = read_way(name)
    _check(way, walk(farm, way))


@pytest.mark.parametrize(
    ("name", "make"),
    [("an as-applied request", as_applied), ("a climate request", climate), ("a lot's certificate", certificate)],
)
@pytest.mark.sockets
def test_a_request_takes_its_way(
    tracer: WayTracer, tmp_path: Path, name: str, make: Callable[[RegistryApi], Callable[[], None]]
) -> None:
    way = read_way(name)
    with serve_spread_field(tmp_path, fill_farm()) as farm_api:
        ask = make(farm_api)
        with tracer.tracing(way) as trace:
            ask()
    _check(way, trace)


@pytest.mark.services("mosquitto")
def test_an_enrolment_takes_its_way(tracer: WayTracer, tmp_path: Path) -> None:
    way = read_way("an enrolment")
    _check(way, _walk_enrolment(tmp_path, tracer, way))
