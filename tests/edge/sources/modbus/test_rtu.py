"""Modbus RTU on a pseudo-terminal: several units, dead units, noise, and a line that is cut."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.modbus.bus import find_frame
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.modbus.source import ModbusSource
from headland.contract.records import Clock
from tests.edge.pty_peer import PtyPeer
from tests.edge.running import least_wait_s, running
from tests.edge.sinks import ListSink
from tests.edge.sources.modbus.rtu_peer import RtuUnits, crc16
from tests.waiting import WaitUntil

MAP = """\
word_order = "low_first"
[[register]]
channel = "air_temperature_degc"
address = 0
function = 4
type = "int16"
scale = 0.1
unit = "degF"
[[register]]
channel = "co2_ppm"
address = 1
function = 4
type = "uint32"
[[register]]
channel = "pump_on"
address = 3
function = 2
"""
WORDS = {0: 680, 1: 0x0001, 2: 0, 3: 1}


@pytest.fixture
def units() -> RtuUnits:
    return RtuUnits({1: dict(WORDS), 2: {**WORDS, 0: 860, 3: 0}})


@pytest.fixture
def peer(tmp_path: Path, units: RtuUnits) -> Iterator[PtyPeer]:
    (tmp_path / "probe.toml").write_text(MAP)
    peer = PtyPeer(tmp_path / "ttyUSB0", units.answer)
    peer.start()
    yield peer
    peer.cut()


def source(peer: PtyPeer, *numbers: int, **changes: Any) -> ModbusSource:
    nodes = [
        {"device": f"probe-{unit}", "unit": unit, "registers": str(peer.path.parent / "probe.toml")} for unit in numbers
    ]
    base = {"type": "modbus_rtu", "name": "bus", "url": peer.url, "poll_s": 0.05, "timeout_s": 10.0, "node": nodes}
    return ModbusSource(msgspec.convert({**base, **changes}, ModbusRtuSettings), "gw-1", "home", clock=Clock.NTP)


def rows(sink: ListSink, device: str) -> list[dict[str, float | None]]:
    return [dict(row.values) for row in list(sink.readings) if row.source.device == device]


def test_the_peers_checksum_is_the_published_one() -> None:
    assert crc16(bytes.fromhex("01030000000A")) == bytes.fromhex("C5CD")


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(min_size=2, max_size=250))
def test_a_frame_is_found_among_any_other_bytes(before: bytes, after: bytes, data: bytes) -> None:
    frame = bytes([7, 3, len(data)]) + data
    frame += crc16(frame)
    assert find_frame(before + frame + after, 7, 3) is not None
    assert find_frame(frame[:-1], 7, 3) is None
    assert find_frame(frame, 8, 3) is None
    assert find_frame(bytes([7, 0x83, 2]) + crc16(bytes([7, 0x83, 2])), 7, 3) is not None


def test_units_on_one_line_have_their_own_values(peer: PtyPeer, units: RtuUnits, wait_until: WaitUntil) -> None:
    with running(source(peer, 1, 2)) as sink:
        wait_until(lambda: rows(sink, "probe-1") and rows(sink, "probe-2"))
    assert rows(sink, "probe-1")[0] == {"air_temperature_degc": pytest.approx(20.0), "co2_ppm": 1.0, "pump_on": 1.0}
    assert rows(sink, "probe-2")[0] == {"air_temperature_degc": pytest.approx(30.0), "co2_ppm": 1.0, "pump_on": 0.0}
    assert set(units.asked) == {(unit, *read) for unit in (1, 2) for read in ((2, 3, 1), (4, 0, 3))}
    assert {row.clock for row in sink.readings} == {Clock.NTP}
    assert [descriptor.name for descriptor in sink.descriptors] == ["bus probe-1", "bus probe-2"]


def test_a_dead_unit_is_waited_for_and_stalls_no_other(peer: PtyPeer, units: RtuUnits, wait_until: WaitUntil) -> None:
    reader = source(peer, 1, 9, 2, timeout_s=1.0)
    began_s = time.monotonic()
    with running(reader) as sink:
        wait_until(lambda: len(rows(sink, "probe-1")) >= 10 and len(rows(sink, "probe-2")) >= 10)
        dead = sum(request[0] == 9 for request in units.asked)
        assert dead >= 1
        assert least_wait_s(dead) <= time.monotonic() - began_s
        assert reader.counters()["silent_now"] == 1
        assert reader.counters()["lost"] == 1
        units.registers[9] = dict(WORDS)
        wait_until(lambda: rows(sink, "probe-9"))
        wait_until(lambda: reader.counters()["silent_now"] == 0)  # counted once the row has left


def test_an_answer_in_single_bytes_behind_noise_is_understood(
    peer: PtyPeer, units: RtuUnits, wait_until: WaitUntil
) -> None:
    units.split, units.noise = True, b"\x00\x00\x01\xff"
    with running(source(peer, 1)) as sink:
        wait_until(lambda: rows(sink, "probe-1"))
    assert rows(sink, "probe-1")[0]["co2_ppm"] == 1.0


def test_a_wrong_checksum_is_no_value(peer: PtyPeer, units: RtuUnits, wait_until: WaitUntil) -> None:
    units.corrupt = True
    reader = source(peer, 1, timeout_s=0.1)
    with running(reader) as sink:
        wait_until(lambda: reader.counters().get("no_answer", 0) >= 2)
        assert rows(sink, "probe-1") == []
        units.corrupt = False
        wait_until(lambda: rows(sink, "probe-1"))


def test_exceptions_are_counted_by_their_code(peer: PtyPeer, units: RtuUnits, wait_until: WaitUntil) -> None:
    del units.registers[1][3]
    reader = source(peer, 1)
    with running(reader) as sink:
        wait_until(lambda: len(rows(sink, "probe-1")) >= 2)
    assert "pump_on" not in rows(sink, "probe-1")[0]
    assert reader.counters()["exception_02"] >= 2
    assert reader.counters()["lost"] == 0


def test_a_line_that_is_cut_is_reopened(peer: PtyPeer, wait_until: WaitUntil) -> None:
    reader = source(peer, 1, 2)
    with running(reader) as sink:
        wait_until(lambda: rows(sink, "probe-1"))
        peer.cut()
        wait_until(lambda: reader.counters()["connect_failures"] >= 1)
        seen = len(sink.readings)
        peer.start()
        wait_until(lambda: {row.source.device for row in sink.readings[seen:]} == {"probe-1", "probe-2"})
    assert reader.counters()["lost"] == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"node": []}, "length >= 1"),
        ({"url": "serial:/dev/ttyS0:9600:8N1"}, "regex"),
        ({"url": "tcp:host:70000"}, "is not a link"),
        ({"node": [{"device": d, "unit": 1, "registers": "x"} for d in "ab"]}, "unit must be unique on a line"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(changes: dict[str, object], sentence: str) -> None:
    base = {
        "type": "modbus_rtu",
        "name": "bus",
        "url": "serial:/dev/ttyS0",
        "node": [{"device": "a", "registers": "x"}],
    }
    msgspec.convert(base, ModbusRtuSettings)
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({**base, **changes}, ModbusRtuSettings)


def test_a_tcp_address_is_one_device_or_nodes_and_never_both() -> None:
    node = {"device": "a", "registers": "x"}
    base = {"type": "modbus_tcp", "name": "bus", "host": "h"}
    for good in ({**base, **node}, {**base, "node": [node]}):
        assert [unit.device for unit in msgspec.convert(good, ModbusSettings).nodes] == ["a"]
    for bad in (base, {**base, **node, "node": [node]}, {**base, "device": "a"}):
        with pytest.raises(msgspec.ValidationError, match="either device and registers"):
            msgspec.convert(bad, ModbusSettings)
