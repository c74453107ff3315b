"""Lines over a pseudo-terminal and over TCP: values, refusals, a cut and a reconnection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.sources.serial_text.settings import LinesSettings
from edge.sources.serial_text.source import LinesSource
from headland.contract.records import Clock
from tests.edge.pty_peer import PtyPeer
from tests.edge.running import running
from tests.edge.sinks import ListSink
from tests.waiting import WaitUntil

CHANNELS = [
    {"from": "t", "channel": "air_temperature_degc"},
    {"from": "rh", "channel": "relative_humidity_pct", "unit": "/"},
]


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[PtyPeer]:
    peer = PtyPeer(tmp_path / "ttyUSB0")
    peer.start()
    yield peer
    peer.cut()


def make(line: str, kind: str, **changes: Any) -> LinesSource:
    base = {"type": "lines", "name": "logger", "url": line, "format": kind, "device": "gh-1", "channel": CHANNELS}
    merged = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return LinesSource(msgspec.convert(merged, LinesSettings), "gw-1", "home")


def send(peer: PtyPeer, source: LinesSource, wait_until: WaitUntil, *pieces: bytes) -> None:
    """Send once the source has the line open."""
    wait_until(lambda: source._link.is_open)
    peer.send(*pieces)


def rows(sink: ListSink) -> list[dict[str, float | None]]:
    return [dict(row.values) for row in list(sink.readings)]


@pytest.mark.parametrize(
    ("kind", "changes", "line"),
    [
        ("json", {}, b'{"t": 21.5, "rh": 0.6, "name": "x"}'),
        ("csv", {"columns": ["n", "t", "rh"]}, b"7,21.5,0.6"),
        ("key_value", {}, b"n=7 t=21.5 rh=0.6"),
    ],
)
def test_each_format_is_read_whole_and_in_pieces(
    peer: PtyPeer, wait_until: WaitUntil, kind: str, changes: dict[str, Any], line: bytes
) -> None:
    source = make(peer.url, kind, **changes)
    with running(source) as sink:
        send(peer, source, wait_until, b"# logger v2\r\n", line + b"\r\n", line[:5], line[5:] + b"\r\n")
        wait_until(lambda: len(rows(sink)) == 2)
    assert sink.readings[0].time_ms < sink.readings[1].time_ms
    assert rows(sink)[1] == {"air_temperature_degc": 21.5, "relative_humidity_pct": 60.0}
    assert {row.clock for row in sink.readings} == {Clock.ARRIVAL}
    assert sink.readings[0].source.device == "gh-1"


def test_noise_is_counted_and_loses_its_own_line_only(peer: PtyPeer, wait_until: WaitUntil) -> None:
    source = make(peer.url, "key_value", longest_line_bytes=64)
    with running(source) as sink:
        send(peer, source, wait_until, b"\xff\xfe\r\n", b"t=2\xb01\r\n", b"t=21 rh\r\n", b"x" * 200 + b"\n", b"t=21\n")
        wait_until(lambda: rows(sink))
    assert rows(sink) == [{"air_temperature_degc": 21.0}]
    counters = source.counters()
    assert (counters["partial_lines"], counters["refused_encoding"]) == (1, 1)
    assert (counters["refused_lines"], counters["overlong_lines"], counters["rows"]) == (1, 1, 1)


def test_lines_of_several_senders_have_devices_of_their_own(peer: PtyPeer, wait_until: WaitUntil) -> None:
    nodes = [{"match": "1", "device": "north", "channel": [{"from": "s", "channel": "soil_temperature_degc"}]}]
    source = make(peer.url, "json", device=None, sender="id", node=nodes)
    with running(source) as sink:
        send(peer, source, wait_until, b'{"id":1,"t":20,"s":15}\n{"id":2,"t":21}\n{"t":22}\n')
        wait_until(lambda: len(rows(sink)) == 2)
        wait_until(lambda: source.counters().get("refused_device") == 1)
    assert [(row.source.device, dict(row.values)) for row in sink.readings] == [
        ("north", {"air_temperature_degc": 20.0, "soil_temperature_degc": 15.0}),
        ("logger.2", {"air_temperature_degc": 21.0}),
    ]


def test_a_devices_own_time_is_used_where_it_is_plausible(peer: PtyPeer, wait_until: WaitUntil) -> None:
    source = make(peer.url, "json", time={"from": "at", "format": "unix_s"})
    with running(source) as sink:
        send(peer, source, wait_until, b'{"at":1790000000,"t":20}\n{"at":12,"t":20}\n')
        wait_until(lambda: len(rows(sink)) == 2)
    assert (sink.readings[0].clock, sink.readings[0].time_ms) == (Clock.RTC, 1_790_000_000_000)
    assert sink.readings[1].clock == Clock.ARRIVAL
    assert source.counters()["clock_unset"] == 1


def test_a_line_that_is_cut_is_reopened(peer: PtyPeer, wait_until: WaitUntil) -> None:
    source = make(peer.url, "json")
    with running(source) as sink:
        send(peer, source, wait_until, b'{"t":20}\n{"t":2')
        wait_until(lambda: rows(sink))
        peer.cut()
        wait_until(lambda: source.counters()["lost"] == 1)
        peer.start()
        send(peer, source, wait_until, b'1}\n{"t":22}\n')
        wait_until(lambda: len(rows(sink)) == 2)
    assert [row["air_temperature_degc"] for row in rows(sink)] == [20.0, 22.0]
    assert source.counters()["partial_lines"] == 1


def test_a_serial_server_is_read_over_tcp(free_port: int, wait_until: WaitUntil) -> None:
    source = make(f"tcp:127.0.0.1:{free_port}", "key_value")
    with socket.create_server(("127.0.0.1", free_port)) as server, running(source) as sink:
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"cut\nt=21\n")
            wait_until(lambda: rows(sink))
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"cut\nt=22\n")
            wait_until(lambda: len(rows(sink)) == 2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"device": None}, "either device, or sender"),
        ({"sender": "id"}, "either device, or sender"),
        ({"node": [{"match": "a", "device": "b"}]}, "node tables need sender"),
        ({"format": "csv"}, "an index from 0"),
        ({"format": "csv", "columns": ["a"], "channel": [{"from": 0, "channel": "co2_ppm"}]}, "one of columns"),
        ({"url": "tcp:h:0"}, "is not a link"),
    ],
)
def test_a_mistake_in_the_settings_is_reported(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        make("serial:/dev/ttyUSB0", "json", **changes)
