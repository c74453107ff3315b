"""A link: its address, and its behaviour when it is cut, silent or never available."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from edge.sources.connection.serial_or_tcp import SerialOrTcpAddress, SerialOrTcpLink, parse_link
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
        ("serial:/dev/ttyUSB0", SerialOrTcpAddress("/dev/ttyUSB0", baud=9600)),
        ("serial:/dev/serial/by-id/usb-1:115200", SerialOrTcpAddress("/dev/serial/by-id/usb-1", baud=115200)),
        ("tcp:host.example:4001", SerialOrTcpAddress("host.example", 4001)),
        ("tcp:[::1]:4001", SerialOrTcpAddress("::1", 4001)),
    ],
)
def test_a_url_is_parsed_to_an_address(url: str, address: SerialOrTcpAddress) -> None:
    assert parse_link(url) == address


@pytest.mark.parametrize(
    "url", ["", "serial:", "serial::9600", "serial:/dev/x:fast", "tcp:h", "tcp:h:0", "tcp::1", "udp:h:1"]
)
def test_a_wrong_url_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match="is not a link: write serial:DEVICE:BAUD, or tcp:HOST:PORT"):
        parse_link(url)


def test_bytes_pass_in_both_directions_with_any_line_settings(peer: PtyPeer, wait_until: WaitUntil) -> None:
    link = SerialOrTcpLink(parse_link(f"serial:{peer.path}:19200", "even", 8, 2))
    link.open()
    link.send_break(0.001)
    link.send(b"abc")
    received = b""

    def has_heard() -> bool:
        nonlocal received
        received += link.receive(0.1)
        return received == b"ABC"

    wait_until(has_heard)
    peer.send(b"late")
    wait_until(lambda: link.drain() == 4)
    assert link.receive(0.0) == b""
    link.close()
    assert not link.is_open


def test_a_missing_device_gives_a_sentence(tmp_path: Path, free_port: int) -> None:
    for url in (f"serial:{tmp_path}/none", f"serial:{tmp_path}", f"tcp:127.0.0.1:{free_port}"):
        link = SerialOrTcpLink(parse_link(url))
        with pytest.raises(RetryLater, match=r"^no connection to "):
            link.open()
        with pytest.raises(RetryLater, match="is lost: it is not open"):
            link.send(b"x")
        assert link.receive(0.0) == b""


def test_a_cut_is_detected_by_a_read(peer: PtyPeer) -> None:
    link = SerialOrTcpLink(parse_link(peer.url))
    link.open()
    peer.cut()
    with pytest.raises(RetryLater, match="is lost: "):
        link.receive(1.0)
    assert not link.is_open


def test_another_thread_can_end_a_wait(free_port: int) -> None:
    link = SerialOrTcpLink(parse_link(f"tcp:127.0.0.1:{free_port}"))
    with socket.create_server(("127.0.0.1", free_port)):
        link.open()
        threading.Timer(0.05, link.interrupt).start()
        assert link.receive(3600.0) == b""
        link.close()


def test_a_device_that_sends_without_pause_does_not_block_a_drain(free_port: int) -> None:
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
        talker.join(30)
        ending.clear()
