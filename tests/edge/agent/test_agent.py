"""The gateway from a Modbus device to a real broker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from edge.agent.agent import run_agent
from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.agent.sources.runner import SourceRunner
from edge.agent.status import read_status
from edge.pipeline.settings import BatchSettings
from edge.sources.modbus.settings import ModbusSettings
from edge.sources.source import DeviceId, Reading, Sink
from edge.uplink.settings import BrokerSettings
from headland.contract.records import Clock
from headland.errors import SettingsError
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest
from tests.edge.sinks import ListSink
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.edge.sources.modbus.test_source import EPOCH_S, WORDS
from tests.waiting import WaitUntil


def edge_settings(data_dir: Path, broker_port: int, modbus_port: int) -> EdgeSettings:
    source = ModbusSettings(
        name="house-1",
        host="127.0.0.1",
        port=modbus_port,
        device="gh-1",
        registers="greenhouse-sim.toml",
        poll_s=0.05,
        timeout_s=10.0,
    )
    return EdgeSettings(
        gateway=GatewaySettings(id="gw-1", site="home", data_dir=str(data_dir)),
        broker=BrokerSettings(port=broker_port),
        batch=BatchSettings(max_age_s=0.1),
        source=[source],
    )


@pytest.mark.services
def test_rows_of_a_device_arrive_and_a_stop_leaves_no_record_and_no_thread(
    mosquitto: Broker, new_port: Callable[[], int], tmp_path: Path, wait_until: WaitUntil
) -> None:
    before = set(threading.enumerate())
    peer = ModbusPeer(new_port(), dict(WORDS))
    peer.start()
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-1")
    settings = edge_settings(tmp_path / "edge", mosquitto.port, peer.port)
    stop = threading.Event()
    agent = threading.Thread(target=run_agent, args=(settings, stop))
    agent.start()
    try:
        for second in range(1, 11):
            peer.registers[1] = WORDS[1] + second
            wait_until(partial(_has_arrived, ingest, (EPOCH_S + second) * 1000 + 250))
    finally:
        stop.set()
        agent.join(120)
    assert not agent.is_alive()
    ingest.close()
    peer.stop()
    status = read_status(tmp_path / "edge")
    assert status.spool.records == 0
    assert status.sources[0].counters["rows"] >= 10
    assert not status.sources[0].running
    assert status.uplink.acked_seq == max(seq for _, seq in ingest.seen)
    assert status.intake["lost_points"] == 0
    wait_until(lambda: set(threading.enumerate()) <= before)


def _has_arrived(ingest: StandInIngest, time_ms: int) -> bool:
    blocks = [block for batch in list(ingest.seen.values()) for block in batch.blocks]
    return any(time_ms == block.t0 + dt for block in blocks for dt in block.dt)


def test_without_broker_and_device_it_stops_at_once(new_port: Callable[[], int], tmp_path: Path) -> None:
    stop = threading.Event()
    agent = threading.Thread(target=run_agent, args=(edge_settings(tmp_path, new_port(), new_port()), stop))
    agent.start()
    stop.set()
    agent.join(120)
    assert not agent.is_alive()
    status = read_status(tmp_path)
    assert not status.uplink.connected
    assert status.sources[0].counters["connect_failures"] >= 0


class _Failing:
    """A source that fails on its first run and sends a row on its second."""

    name = "failing"

    def __init__(self, run: int) -> None:
        self._run = run
        self._stop = threading.Event()

    def run(self, sink: Sink) -> None:
        if self._run == 0:
            raise ZeroDivisionError("no luck")
        device = DeviceId("gh-1", "greenhouse", "home")
        sink.reading(Reading(device, Clock.RTC, 1_790_000_000_000, {"co2_ppm": 1.0}))
        self._stop.wait(10)

    def stop(self) -> None:
        self._stop.set()

    def counters(self) -> dict[str, int]:
        return {"runs": self._run}


def test_a_source_that_fails_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wait_until: WaitUntil
) -> None:
    built: list[_Failing] = []

    def build(*_: object) -> _Failing:
        built.append(_Failing(len(built)))
        return built[-1]

    monkeypatch.setattr("edge.agent.sources.runner.build_source", build)
    settings = edge_settings(tmp_path, 1883, 5020)
    runner = SourceRunner(settings.source[0], settings)
    sink = ListSink()
    runner.start(sink)
    wait_until(lambda: sink.readings)
    status, report = runner.status(), runner.report()
    runner.request_stop()
    runner.join(120)
    assert (report.name, report.restarts, report.trouble) == (runner.name, 1, "ZeroDivisionError: no luck")
    assert (status.restarts, status.running) == (1, True)
    assert status.last_error == "ZeroDivisionError: no luck"
    assert "no luck" in caplog.text
    assert not runner.status().running


def test_a_missing_map_is_an_error_before_any_part_runs(tmp_path: Path) -> None:
    settings = edge_settings(tmp_path, 1883, 5020)
    source = settings.source[0]
    assert isinstance(source, ModbusSettings)
    without_map = msgspec.structs.replace(settings, source=[msgspec.structs.replace(source, registers="none.toml")])
    with pytest.raises(SettingsError, match=r"none\.toml"):
        run_agent(without_map, threading.Event())
    assert not (tmp_path / "spool.sqlite").exists()


def test_there_is_no_status_before_the_first_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no gateway has run"):
        read_status(tmp_path)
    (tmp_path / "status.json").write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_status(tmp_path)
