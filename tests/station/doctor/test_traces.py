"""The doctor's findings about traces."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.agent.status import AgentStatus, UplinkStatus, write_status
from edge.agent.traces import TracesStatus
from headland.contract.records import SpoolStatus
from headland.runtime.tracing.settings import TRACES
from station.doctor import traces
from station.doctor.finding import Finding, State
from station.doctor.traces import check_traces
from station.local.folder import FarmFolder
from tests.ports import find_free_port
from tests.station.doctor.test_run import context


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FarmFolder:
    monkeypatch.delenv(TRACES, raising=False)
    made = FarmFolder(tmp_path / "farm")
    made.create()
    return made


@pytest.fixture
def collector() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/traces"


def examine(folder: FarmFolder) -> list[Finding]:
    return check_traces(context(folder))


def traced_gateway(folder: FarmFolder, endpoint: str) -> None:
    folder.edge_dir.mkdir(parents=True, exist_ok=True)
    status = AgentStatus(
        gateway="gw-1", time_ms=1, started_ms=1, pid=1, software="0", epoch="e", sources=[], intake={},
        spool=SpoolStatus(records=0, bytes=0), spool_counters={}, uplink=UplinkStatus(connected=True),
        traces=TracesStatus(endpoint=endpoint, exported=1234, dropped=5),
    )  # fmt: skip
    write_status(status, folder.edge_dir)


def test_without_settings_traces_are_off(folder: FarmFolder) -> None:
    (finding,) = examine(folder)
    assert (finding.state, finding.condition) == (State.OK, "off: no trace leaves this machine")


def test_it_says_where_traces_go_and_what_was_dropped(folder: FarmFolder, collector: str) -> None:
    traced_gateway(folder, collector)
    (finding,) = examine(folder)
    assert finding.state is State.OK
    assert finding.condition == f"to {collector}, of the gateway: 1,234 spans taken, 5 dropped"


def test_one_collector_of_services_and_gateway_is_examined_once(
    folder: FarmFolder, collector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACES, collector)
    (services,) = examine(folder)
    assert services.condition == f"to {collector}, of services with {TRACES} as here"
    traced_gateway(folder, collector)
    (gateway,) = examine(folder)
    assert "of the gateway" in gateway.condition


def test_a_collector_that_is_not_there_is_a_warning(folder: FarmFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, f"http://127.0.0.1:{find_free_port()}/v1/traces")
    (finding,) = examine(folder)
    assert finding.state is State.WARNING
    assert "cannot be reached" in finding.condition
    assert "Data is not affected" in finding.remedy


def test_an_unusable_address_has_failed(folder: FarmFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, "collector:4318")
    (finding,) = examine(folder)
    assert finding.state is State.FAILED


def test_a_missing_extra_is_named(folder: FarmFolder, collector: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, collector)
    monkeypatch.setattr(traces, "find_spec", lambda _name: None)
    (finding,) = examine(folder)
    assert finding.state is State.WARNING
    assert "headland[otel]" in finding.remedy
