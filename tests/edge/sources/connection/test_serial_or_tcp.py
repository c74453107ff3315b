"""A wire: where it leads, and what happens when it is cut, silent or never there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from edge.sources.connection.serial_or_tcp import Wire, WireAddress, parse_wire
from edge.sources.modbus.settings import ModbusRtuSettings
from edge.sources.modbus.source import ModbusSource
from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.sdi12.source import Sdi12Source
from edge.sources.source import Source
from headland.errors import RetryLater
from tests.edge.pty_peer import PtyPeer
from tests.edge.running import running
from tests.waiting import WaitUntil
from tests.waiting import wait_until as wait_until_true


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[PtyPeer]:
    peer = PtyPeer(tmp_path / "tty", lambda data: [data.upper()])
    peer.start()
    yield peer
    peer.cut()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("serial:/dev/ttyUSB0", WireAddress("/dev/ttyUSB0", baud=9600)),
        ("serial:/dev/serial/by-id/usb-1:115200", WireAddress("/dev/serial/by-id/usb-1", baud=115200)),
        ("tcp:host.example:4001", WireAddress("host.example", 4001)),
        ("tcp:[::1]:4001", WireAddress("::1", 4001)),
    ],
)
def test_a_url_says_where_a_wire_leads(url: str, address: WireAddress) -> None:
    assert parse_wire(url) == address


@pytest.mark.parametrize(
    "url", ["", "serial:", "serial::9600", "serial:/dev/x:fast", "tcp:h", "tcp:h:0", "tcp::1", "udp:h:1"]
)
def test_what_is_no_wire_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="is no line: write serial:DEVICE:BAUD, or tcp:HOST:PORT"):
        parse_wire(url)


def test_bytes_go_both_ways_on_a_line_of_any_setting(peer: PtyPeer, wait_until: WaitUntil) -> None:
    wire = Wire(parse_wire(f"serial:{peer.path}:19200", "even", 8, 2))
    wire.open()
    wire.send_break(0.001)
    wire.send(b"abc")
    heard = b""

    def has_heard() -> bool:
        nonlocal heard
        heard += wire.receive(0.1)
        return heard == b"ABC"

    wait_until(has_heard)
    peer.send(b"late")
    wait_until(lambda: wire.drain() == 4)
    assert wire.receive(0.0) == b""
    wire.close()
    assert not wire.is_open


def test_a_wire_that_is_not_there_is_a_sentence(tmp_path: Path, free_port: int) -> None:
    for url in (f"serial:{tmp_path}/none", f"serial:{tmp_path}", f"tcp:127.0.0.1:{free_port}"):
        wire = Wire(parse_wire(url))
        with pytest.raises(RetryLater, match=r"^no connection to "):
            wire.open()
        with pytest.raises(RetryLater, match="is lost: it is not open"):
            wire.send(b"x")
        assert wire.receive(0.0) == b""


def test_a_cut_shows_when_it_is_read(peer: PtyPeer) -> None:
    wire = Wire(parse_wire(peer.url))
    wire.open()
    peer.cut()
    with pytest.raises(RetryLater, match="is lost: "):
        wire.receive(1.0)
    assert not wire.is_open


def test_a_wait_is_ended_by_another_thread(free_port: int) -> None:
    wire = Wire(parse_wire(f"tcp:127.0.0.1:{free_port}"))
    with socket.create_server(("127.0.0.1", free_port)):
        wire.open()
        threading.Timer(0.05, wire.interrupt).start()
        began_s = time.monotonic()
        assert wire.receive(10.0) == b""
        assert time.monotonic() - began_s < 1.0
        wire.close()


def test_a_device_that_never_stops_talking_holds_nobody_up(free_port: int) -> None:
    """Sources that ask over such a line find no answer in time, and still stop."""
    rtu = {"type": "modbus_rtu", "name": "r", "url": f"tcp:127.0.0.1:{free_port}", "poll_s": 0.05, "timeout_s": 0.1}
    node = {"device": "a", "registers": "xy-md02.toml"}
    probe = {"device": "a", "address": "0", "channel": [{"from": 0, "channel": "co2_ppm"}]}
    sdi12 = {**rtu, "type": "sdi12", "node": [probe]}
    ending = threading.Event()

    def talk(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            while not ending.is_set():
                peer.sendall(b"\x01\x03" * 2048)

    sources: list[Source] = [
        ModbusSource(msgspec.convert({**rtu, "node": [node]}, ModbusRtuSettings), "gw-1", "home"),
        Sdi12Source(msgspec.convert(sdi12, Sdi12Settings), "gw-1", "home"),
    ]
    for source in sources:
        with socket.create_server(("127.0.0.1", free_port)) as server, running(source) as sink:
            peer, _ = server.accept()
            talker = threading.Thread(target=talk, args=(peer,))
            talker.start()
            wait_until_true(lambda source=source: source.counters().get("no_answer", 0) >= 1)  # type: ignore[misc]
            assert sink.readings == []
        ending.set()
        talker.join(5)
        ending.clear()
