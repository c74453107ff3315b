"""BACnet objects of a device: values, units, status, a lost device, devices that answer less."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bacpypes3.service.object import ReadWritePropertyMultipleServices

from edge.sources.bacnet import settings as bacnet_settings
from edge.sources.bacnet import source as bacnet_source
from edge.sources.bacnet.settings import BacnetSettings
from edge.sources.bacnet.source import BacnetSource
from edge.toml.settings import TableError
from firmware_sim.protocols.bacnet import INSTANCE
from headland.contract.records import Clock
from tests.edge.running import running
from tests.edge.sinks import ListSink
from tests.edge.sources.bacnet.bacnet_peer import BacnetPeer, serving
from tests.ports import find_free_port
from tests.waiting import WaitUntil

AIR, CO2, VENT = "air_temperature_degc", "co2_ppm", "vent_open_pct"
FIELDS = [
    {"from": "analog-input,1", "channel": AIR},
    {"from": "analog-input,2", "channel": CO2},
    {"from": "binary-input,1", "channel": VENT, "unit": "1"},
]
TABLE = {"type": "bacnet", "name": "climate", "address": "192.0.2.30", "device": "gh-1", "channel": FIELDS}


@pytest.fixture
def peer() -> Iterator[BacnetPeer]:
    with serving("degrees-fahrenheit", "parts-per-million") as peer:
        peer.write(1, 68.0)
        peer.write(2, 612.0)
        yield peer


def source(port: int, **changes: Any) -> BacnetSource:
    table = {**TABLE, "address": f"127.0.0.1:{port}", "poll_s": 0.2, "timeout_s": 5.0, "retries": 1, **changes}
    if table.get("node"):
        del table["address"], table["device"], table["channel"]
    return BacnetSource(msgspec.convert(table, BacnetSettings), "gw-1", "home", clock=Clock.NTP)


def values(sink: ListSink, channel: str) -> list[float | None]:
    return [row.values[channel] for row in list(sink.readings) if channel in row.values]


def test_values_are_in_the_channels_units_with_the_gateways_time(peer: BacnetPeer, wait_until: WaitUntil) -> None:
    reader = source(peer.port, instance=INSTANCE)
    with running(reader) as sink:
        wait_until(lambda: len(sink.readings) >= 2)
        exact = struct.unpack("<f", struct.pack("<f", 613.7))[0]
        peer.write(2, 613.7)
        wait_until(lambda: exact in values(sink, CO2))
    assert sink.readings[0].values == {AIR: pytest.approx(20.0), CO2: 612.0, VENT: 100.0}
    assert {row.clock for row in sink.readings} == {Clock.NTP}
    assert reader.counters()["rows"] == len(sink.readings)


def test_a_value_with_a_fault_is_null_and_named(peer: BacnetPeer, wait_until: WaitUntil) -> None:
    reader = source(peer.port)
    with running(reader) as sink:
        wait_until(lambda: sink.readings)
        peer.write(1, 50.0, "noSensor")
        wait_until(lambda: None in values(sink, AIR))
        wait_until(lambda: any("analog-input,1 is no-sensor" in sentence for sentence in reader.warnings()))
    assert not any(value == pytest.approx(10.0) for value in values(sink, AIR) if value is not None)


def test_an_unknown_unit_and_object_are_named_and_the_others_are_read(peer: BacnetPeer, wait_until: WaitUntil) -> None:
    peer.write(2, 612.0, unit="btusPerPound")
    missing = {"from": "analog-input,9", "channel": "par_umol_m2_s", "unit": "umol/m2/s"}
    reader = source(peer.port, channel=[*FIELDS, missing])
    with running(reader) as sink:
        wait_until(lambda: values(sink, AIR))
        wait_until(lambda: any("'btus-per-pound' is not known" in sentence for sentence in reader.warnings()))
        wait_until(lambda: any("analog-input,9 is unknown-object" in sentence for sentence in reader.warnings()))
    assert values(sink, CO2) == []


def test_a_device_with_another_instance_is_not_read(peer: BacnetPeer, wait_until: WaitUntil) -> None:
    reader = source(peer.port, instance=INSTANCE + 1)
    with running(reader) as sink:
        wait_until(lambda: reader.counters()["no_answer"] >= 1)
    assert sink.readings == []


def test_a_lost_device_is_waited_for_and_costs_the_other_nothing(peer: BacnetPeer, wait_until: WaitUntil) -> None:
    with serving("degrees-celsius") as second:
        nodes = [
            {"device": "gh-1", "address": f"127.0.0.1:{peer.port}", "channel": FIELDS[1:2]},
            {"device": "gh-2", "address": f"127.0.0.1:{second.port}", "channel": FIELDS[:1]},
        ]
        reader = source(0, node=nodes, timeout_s=0.3)

        def rows(device: str) -> int:
            return sum(row.source.device == device for row in list(sink.readings))

        with running(reader) as sink:
            wait_until(lambda: rows("gh-1") and rows("gh-2"))
            second.stop()
            wait_until(lambda: reader.counters()["silent_now"] == 1)
            before = rows("gh-1")
            wait_until(lambda: rows("gh-1") >= before + 3)
            second.start()
            before = rows("gh-2")
            wait_until(lambda: rows("gh-2") > before)
        assert reader.counters()["lost"] >= 1
        assert reader.counters()["silent_now"] == 0


def test_a_device_that_answers_one_packet_alone_is_asked_for_less(
    wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bacnet_source, "_AT_ONCE", 100)
    count = 60
    with serving(*["parts-per-million"] * count, segmentation="no-segmentation") as peer:
        fields = [{"from": f"analog-input,{at}", "channel": f"{CO2}:{at}"} for at in range(1, count + 1)]
        with running(source(peer.port, channel=fields)) as sink:
            wait_until(lambda: sink.readings)
    assert len(sink.readings[0].values) == count


def test_a_device_that_knows_single_properties_alone_is_read(
    peer: BacnetPeer, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ReadWritePropertyMultipleServices, "do_ReadPropertyMultipleRequest")
    with running(source(peer.port)) as sink:
        wait_until(lambda: sink.readings)
    assert sink.readings[0].values == {AIR: pytest.approx(20.0), CO2: 612.0, VENT: 100.0}


@pytest.mark.sockets
def test_a_port_that_is_in_use_is_said(wait_until: WaitUntil) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        reader = source(find_free_port(), local_port=other.getsockname()[1])
        with running(reader):
            wait_until(lambda: reader._attempts.failures >= 1)
            assert "choose another local_port" in reader._attempts._error


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"node": [{"device": "gh-2", "address": "192.0.2.31", "channel": FIELDS}]}, "name either device"),
        ({"device": None}, "name either device"),
        ({"address": None}, "name either device"),
        ({"channel": []}, "name either device"),
        ({"address": "192.0.2.300"}, "must be an IPv4 address"),
        ({"address": "192.0.2.30:70000"}, "must be 1 to 65535"),
        ({"address": "climate.local"}, "address"),
        ({"channel": [{"from": "air", "channel": AIR}]}, "from must be an object"),
        ({"channel": [{"from": "analog-input,4194303", "channel": AIR}]}, "from must be an object"),
        ({"channel": [{"from": "analog-input,01", "channel": AIR}]}, "from must be an object"),
        ({"channel": [{"from": "schedule,1", "channel": AIR}]}, "from must be an object"),
        ({"channel": [*FIELDS, {**FIELDS[0], "from": "analog-input,7"}]}, "mapped twice"),
        ({"channel": [*FIELDS, {**FIELDS[0], "channel": f"{AIR}:1"}]}, "one object is one channel"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    msgspec.convert(TABLE, BacnetSettings)
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({**TABLE, **changes}, BacnetSettings)


@pytest.mark.parametrize(("key", "value"), [("device", "gh-1"), ("address", "192.0.2.30")])
def test_two_tables_of_one_device_are_refused(key: str, value: str) -> None:
    nodes: list[dict[str, Any]] = [
        {"device": f"gh-{at}", "address": f"192.0.2.{30 + at}", "channel": FIELDS} for at in range(2)
    ]
    table = {"type": "bacnet", "name": "climate", "node": nodes}
    assert len(msgspec.convert(table, BacnetSettings).nodes) == 2
    for node in nodes:
        node[key] = value
    with pytest.raises(msgspec.ValidationError, match=f"the same {key}"):
        msgspec.convert(table, BacnetSettings)


def test_a_machine_without_the_extra_is_told_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.convert(TABLE, BacnetSettings)
    assert settings.resolve(tmp_path) is settings
    monkeypatch.setattr(bacnet_settings, "find_spec", lambda _: None)
    with pytest.raises(TableError, match=r"pip install 'headland\[bacnet\]'"):
        settings.resolve(tmp_path)
