"""SDI-12 sensors on a pseudo-terminal: measurements, waits, damaged answers, silence and a cut line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.sdi12.source import Sdi12Source
from headland.contract.records import Clock
from tests.edge.pty_peer import PtyPeer
from tests.edge.running import least_wait_s, running
from tests.edge.sinks import ListSink
from tests.edge.sources.sdi12.sensors_peer import OneSensor, SensorsOnALine
from tests.waiting import WaitUntil

SOIL = [
    {"from": 0, "channel": "substrate_moisture_pct", "unit": "m3/m3"},
    {"from": 1, "channel": "soil_temperature_degc", "invalid": [-9999]},
]


@pytest.fixture
def line() -> SensorsOnALine:
    return SensorsOnALine({"0": OneSensor(["+0.31+18.5"]), "1": OneSensor(["+0.25", "-9999"])})


@pytest.fixture
def peer(tmp_path: Path, line: SensorsOnALine) -> Iterator[PtyPeer]:
    peer = PtyPeer(tmp_path / "ttyUSB0", line.answer)
    peer.start()
    yield peer
    peer.cut()


def node(address: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "device": f"soil-{address if address != '?' else 'x'}", "channel": SOIL, **more}


def make(peer: PtyPeer, *nodes: dict[str, Any], **changes: Any) -> Sdi12Source:
    base = {"type": "sdi12", "name": "soil", "url": peer.url, "poll_s": 0.05, "timeout_s": 10.0, "clock_speed": 20}
    return Sdi12Source(
        msgspec.convert({**base, "node": nodes, **changes}, Sdi12Settings), "gw-1", "home", clock=Clock.NTP
    )


def rows(sink: ListSink, device: str) -> list[dict[str, float | None]]:
    return [dict(row.values) for row in list(sink.readings) if row.source.device == device]


@pytest.mark.parametrize("measure", ["M", "C", "M2", "R0"])
@pytest.mark.parametrize("crc", [False, True])
def test_values_are_channels_by_their_index(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil, measure: str, crc: bool
) -> None:
    source = make(peer, node("0", measure=measure, crc=crc))
    with running(source) as sink:
        wait_until(lambda: rows(sink, "soil-0"))
    assert rows(sink, "soil-0")[0] == {"substrate_moisture_pct": pytest.approx(31.0), "soil_temperature_degc": 18.5}
    assert sink.readings[0].clock == Clock.NTP
    assert sink.descriptors[0].model == "VENDOR MODEL1 100 SN1"
    assert sink.descriptors[0].channels["soil_temperature_degc"].interval_s == 1.0
    assert line.asked[:2] == ["0I!", f"0{measure[0]}{'C' if crc else ''}{measure[1:]}!"]


def test_values_on_two_pages_are_joined_and_a_sentinel_is_none(peer: PtyPeer, wait_until: WaitUntil) -> None:
    with running(make(peer, node("1"))) as sink:
        wait_until(lambda: rows(sink, "soil-1"))
    assert rows(sink, "soil-1")[0] == {"substrate_moisture_pct": 25.0, "soil_temperature_degc": None}


def test_a_sensor_with_two_measurements_is_one_device(peer: PtyPeer, wait_until: WaitUntil) -> None:
    air = [{"from": 0, "channel": "co2_ppm"}]
    with running(make(peer, node("0"), node("0", measure="M1", channel=air))) as sink:
        wait_until(lambda: len({frozenset(row.values) for row in list(sink.readings)}) == 2)
    assert {tuple(sorted(descriptor.channels)) for descriptor in sink.descriptors} == {
        ("co2_ppm", "soil_temperature_degc", "substrate_moisture_pct")
    }


def test_a_service_request_ends_the_wait(peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil) -> None:
    line.sensors["0"].wait_s, line.sensors["0"].service_request = 999, True
    source = make(peer, node("0"))
    with running(source) as sink:
        wait_until(lambda: len(rows(sink, "soil-0")) >= 2)
    assert source.counters()["service_requests"] >= 2


def test_concurrent_sensors_measure_at_the_same_time(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil
) -> None:
    for sensor in line.sensors.values():
        sensor.wait_s = 4
    with running(
        make(peer, node("0", measure="C"), node("1", measure="C"), node("0", measure="M", device="again"))
    ) as sink:
        wait_until(lambda: rows(sink, "soil-0") and rows(sink, "soil-1") and rows(sink, "again"))
    begun = [line.asked.index(command) for command in ("0C!", "1C!", "0M!", "1D0!")]
    assert begun == sorted(begun)


def test_an_answer_after_noise_and_echo_in_single_bytes_is_read(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil
) -> None:
    line.noise, line.echo, line.split = b"\x00\xff", True, True
    with running(make(peer, node("0", crc=True), adapter="transparent")) as sink:
        wait_until(lambda: rows(sink, "soil-0"))


def test_an_answer_with_a_wrong_checksum_is_requested_again(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil
) -> None:
    line.sensors["0"].wrong_crcs = 2
    source = make(peer, node("0", crc=True))
    with running(source) as sink:
        wait_until(lambda: rows(sink, "soil-0"))
    assert source.counters()["bad_crc"] == 2
    assert rows(sink, "soil-0")[0]["soil_temperature_degc"] == 18.5


def test_a_silent_sensor_is_retried_and_delays_no_other(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil
) -> None:
    line.sensors["1"].dead = True
    source = make(peer, node("0"), node("1"), timeout_s=0.5)
    began_s = time.monotonic()
    with running(source) as sink:
        wait_until(lambda: len(rows(sink, "soil-0")) >= 10)
        assert source.counters()["silent_now"] == 1
        assert least_wait_s(source.counters()["no_answer"]) <= time.monotonic() - began_s
        line.sensors["1"].dead = False
        wait_until(lambda: rows(sink, "soil-1"))
    assert source.counters()["lost"] == 1


def test_the_address_of_a_sensor_alone_on_the_line_can_be_queried(
    peer: PtyPeer, line: SensorsOnALine, wait_until: WaitUntil
) -> None:
    with running(make(peer, node("?"))) as sink:
        wait_until(lambda: rows(sink, "soil-x"))
    assert line.asked[:3] == ["?!", "0I!", "0M!"]


def test_a_line_that_is_cut_is_reopened(peer: PtyPeer, wait_until: WaitUntil) -> None:
    source = make(peer, node("0"))
    with running(source) as sink:
        wait_until(lambda: rows(sink, "soil-0"))
        peer.cut()
        wait_until(lambda: source.counters()["lost"] == 1)
        seen = len(sink.readings)
        peer.start()
        wait_until(lambda: len(sink.readings) > seen)
    assert source.counters()["connects"] == 2


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ([], "length >= 1"),
        ([node("#")], "regex"),
        ([node("0", measure="X")], "regex"),
        ([node("0"), node("0")], "address and measure must be unique"),
        ([node("?"), node("0")], "alone on the line"),
        ([node("0", channel=[{"from": "t", "channel": "co2_ppm"}])], "from must be the value's index"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(tmp_path: Path, nodes: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        make(PtyPeer(tmp_path / "none"), *nodes)
