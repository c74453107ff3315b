"""OPC UA variables of an asyncua server: time, status, unit, subscription, login and a lost server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asyncua import ua

from edge.sources.opcua import session as opcua_session
from edge.sources.opcua import settings as opcua_settings
from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.opcua.source import OpcUaSource
from edge.toml.settings import TableError
from headland.contract.records import Clock, Quality
from tests.edge.running import running
from tests.edge.sinks import ListSink
from tests.edge.sources.opcua.opcua_peer import NOW, OpcUaPeer, serving
from tests.waiting import WaitUntil

AIR, CO2 = "air_temperature_degc", "co2_ppm"
NOW_MS = round(NOW.replace(tzinfo=UTC).timestamp() * 1000)
FIELDS = [
    {"from": "ns=2;s=air", "channel": AIR, "unit": "degF"},
    {"from": "ns=2;s=co2", "channel": CO2, "unit": "ppm"},
]
TABLE = {"type": "opcua", "name": "climate", "url": "opc.tcp://127.0.0.1:1", "device": "gh-1", "channel": FIELDS}


@pytest.fixture(scope="module")
def server() -> Iterator[OpcUaPeer]:
    """One server for all tests: to start and stop one takes two seconds."""
    with serving("air", "co2") as server:
        yield server


@pytest.fixture
def peer(server: OpcUaPeer) -> OpcUaPeer:
    """The server with the values that each test begins with."""
    server.write("air", 68.0)
    server.write("co2", 612.0)
    return server


def source(peer: OpcUaPeer, **changes: Any) -> OpcUaSource:
    table = {**TABLE, "url": f"opc.tcp://127.0.0.1:{peer.port}", "poll_s": 0.05, "timeout_s": 30.0, **changes}
    return OpcUaSource(msgspec.convert(table, OpcUaSettings), "gw-1", "home", clock=Clock.NTP)


def rows(sink: ListSink) -> list[tuple[Clock, int, dict[str, float | None], dict[str, int]]]:
    return [(row.clock, row.time_ms, dict(row.values), dict(row.quality)) for row in list(sink.readings)]


@pytest.mark.parametrize("subscribe", [False, True])
def test_values_have_the_sources_time_and_the_channels_unit_and_no_sample_twice(
    peer: OpcUaPeer, wait_until: WaitUntil, subscribe: bool
) -> None:
    reader = source(peer, subscribe=subscribe)
    with running(reader) as sink:
        wait_until(lambda: {channel for row in sink.readings for channel in row.values} == {AIR, CO2})
        peer.write("co2", 700.0, time=NOW + timedelta(seconds=1))
        wait_until(lambda: any(row.values.get(CO2) == 700.0 for row in list(sink.readings)))
        if not subscribe:
            wait_until(lambda: reader.counters()["unchanged"] >= 4)
    values = [(time_ms, channel, value) for _, time_ms, row, _ in rows(sink) for channel, value in row.items()]
    assert sorted(values) == [
        (NOW_MS, AIR, pytest.approx(20.0)), (NOW_MS, CO2, 612.0), (NOW_MS + 1000, CO2, 700.0)
    ]  # fmt: skip
    assert {clock for clock, *_ in rows(sink)} == {Clock.RTC}


@pytest.mark.parametrize("subscribe", [False, True])
def test_a_bad_value_is_null_and_an_uncertain_one_is_suspect(
    peer: OpcUaPeer, wait_until: WaitUntil, subscribe: bool
) -> None:
    reader = source(peer, subscribe=subscribe)
    with running(reader) as sink:
        wait_until(lambda: sink.readings)
        peer.write("air", 50.0, ua.StatusCodes.BadSensorFailure, NOW + timedelta(seconds=1))
        peer.write("co2", 999.0, ua.StatusCodes.UncertainLastUsableValue, NOW + timedelta(seconds=1))
        wait_until(lambda: any(row[2].get(CO2) == 999.0 for row in rows(sink)))
        wait_until(lambda: any(AIR in row[2] and row[2][AIR] is None for row in rows(sink)))
        wait_until(lambda: any("BadSensorFailure" in sentence for sentence in reader.warnings()))
    assert all(row[3] == {CO2: Quality.SUSPECT} for row in rows(sink) if row[2].get(CO2) == 999.0)
    assert not any(row[2].get(AIR) == 10.0 for row in rows(sink))


def test_a_value_without_a_plausible_time_has_the_gateways(peer: OpcUaPeer, wait_until: WaitUntil) -> None:
    peer.write("air", 68.0, time=NOW.replace(year=1999))
    with running(source(peer)) as sink:
        wait_until(lambda: sum(AIR in row.values for row in list(sink.readings)) >= 3)
    assert {clock for clock, _, row, _ in rows(sink) if AIR in row} == {Clock.NTP}
    assert len({time_ms for _, time_ms, row, _ in rows(sink) if AIR in row}) >= 3


@pytest.mark.long
def test_a_lost_server_is_waited_for(wait_until: WaitUntil) -> None:
    with serving("air", "co2") as peer, running(reader := source(peer, time="gateway")) as sink:
        wait_until(lambda: len(sink.readings) >= 2)
        peer.stop()
        wait_until(lambda: reader.counters()["lost"] >= 1)
        peer.start()
        wait_until(lambda: reader.counters()["connects"] >= 2)
        count = len(sink.readings)
        wait_until(lambda: len(sink.readings) > count)


def test_a_node_that_does_not_exist_is_named_and_the_others_are_read(peer: OpcUaPeer, wait_until: WaitUntil) -> None:
    wrong = {"from": "ns=2;s=none", "channel": "par_umol_m2_s", "unit": "umol/m2/s"}
    reader = source(peer, channel=[*FIELDS, wrong])
    with running(reader) as sink:
        wait_until(lambda: any(row.values.get(CO2) == 612.0 for row in list(sink.readings)))
        wait_until(lambda: any("BadNodeIdUnknown" in sentence for sentence in reader.warnings()))


@pytest.mark.long
def test_a_login_is_used_and_a_wrong_one_is_said(wait_until: WaitUntil) -> None:
    with serving("air", "co2", login=True) as peer:
        with running(source(peer, username="reader", password="secret")) as sink:
            wait_until(lambda: sink.readings)
        wrong = source(peer, username="reader", password="guess")
        with running(wrong) as sink:
            wait_until(lambda: wrong.counters()["lost"] >= 1)
            assert sink.readings == []


@pytest.mark.parametrize("subscribe", [False, True])
def test_an_uncertain_value_with_the_gateways_time_and_a_node_of_a_further_device_are_read(
    peer: OpcUaPeer, wait_until: WaitUntil, subscribe: bool
) -> None:
    peer.write("air", 68.0, ua.StatusCodes.UncertainLastUsableValue)
    peer.write("co2", 700.0, ua.StatusCodes.UncertainLastUsableValue)
    nodes = [{"device": "gh-1", "channel": FIELDS[:1]}, {"device": "gh-2", "channel": FIELDS[1:]}]
    reader = source(peer, device=None, channel=[], node=nodes, time="gateway", subscribe=subscribe)
    with running(reader) as sink:
        wait_until(lambda: {row.source.device for row in list(sink.readings)} == {"gh-1", "gh-2"})
    found = {(row.source.device, row.clock, *row.values, *row.quality.values()) for row in sink.readings}
    assert found == {
        ("gh-1", Clock.NTP, AIR, Quality.SUSPECT),
        ("gh-2", Clock.NTP, CO2, Quality.SUSPECT),
    }


def test_more_variables_than_one_request_holds_are_all_read(
    peer: OpcUaPeer, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opcua_session, "_AT_ONCE", 1)
    for subscribe in (False, True):
        with running(source(peer, subscribe=subscribe)) as sink:
            wait_until(lambda: {channel for row in list(sink.readings) for channel in row.values} == {AIR, CO2})


def test_a_node_that_does_not_exist_is_named_by_a_subscription_too(peer: OpcUaPeer, wait_until: WaitUntil) -> None:
    wrong = {"from": "ns=2;s=none", "channel": "par_umol_m2_s", "unit": "umol/m2/s"}
    reader = source(peer, channel=[*FIELDS, wrong], subscribe=True)
    with running(reader) as sink:
        wait_until(lambda: any(row.values.get(CO2) == 612.0 for row in list(sink.readings)))
        wait_until(lambda: any("BadNodeIdUnknown" in sentence for sentence in reader.warnings()))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"node": [{"device": "gh-2", "channel": FIELDS}]}, "name either device"),
        ({"device": None}, "name either device"),
        ({"channel": []}, "name either device"),
        ({"channel": [{"from": "air", "channel": AIR, "unit": "degC"}]}, "from must be a node id"),
        ({"channel": [{"from": "ns=2;s=air", "channel": AIR}]}, "unit of air_temperature_degc is missing"),
        ({"channel": [{"from": "ns=2;s=air", "channel": AIR, "unit": "kPa"}]}, "cannot be converted"),
        ({"channel": [*FIELDS, FIELDS[0]]}, "mapped twice"),
        ({"password": "x"}, "password needs username"),
        ({"url": "opc.tcp://user:secret@host"}, "url"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    msgspec.convert(TABLE, OpcUaSettings)
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({**TABLE, **changes}, OpcUaSettings)


def test_a_machine_without_the_extra_is_told_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.convert(TABLE, OpcUaSettings)
    assert settings.resolve(tmp_path) is settings
    monkeypatch.setattr(opcua_settings, "find_spec", lambda _: None)
    with pytest.raises(TableError, match=r"pip install 'headland\[opcua\]'"):
        settings.resolve(tmp_path)
