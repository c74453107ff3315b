"""Datagrams of many senders at once, with the kernel's help and without."""

from __future__ import annotations

import contextlib
import resource
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.sources.mavlink.link.recvmmsg import Datagrams
from headland.clock import wall_clock_ms
from tests.waiting import wait_until


@pytest.fixture(params=["127.0.0.1", "::1"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.bind((request.param, 0))
        made.setblocking(False)
        yield made


@pytest.mark.parametrize("by_kernel", [True, False])
def test_every_datagram_comes_whole_in_its_senders_order(endpoint: socket.socket, by_kernel: bool) -> None:
    datagrams = Datagrams(endpoint, 2000)
    if not by_kernel:
        datagrams._kernel = None
    senders = [socket.socket(endpoint.family, socket.SOCK_DGRAM) for _ in range(3)]
    for sender in senders:
        sender.connect(endpoint.getsockname())
    for number in range(150):  # more than one call takes
        senders[number % 3].send(b"%d," % number)
    senders[0].send(b"x" * 60_000)
    by_sender = datagrams.read()
    assert list(by_sender) == [sender.getsockname() for sender in senders]
    texts = [b"".join(pieces) for pieces in by_sender.values()]
    assert texts[0] == b"".join(b"%d," % number for number in range(0, 150, 3)) + b"x" * 60_000
    assert texts[1:] == [b"".join(b"%d," % number for number in range(first, 150, 3)) for first in (1, 2)]
    assert datagrams.read() == {}
    senders[1].send(b"again")
    assert {at: b"".join(pieces) for at, pieces in datagrams.read().items()} == {senders[1].getsockname(): b"again"}
    for sender in senders:
        sender.close()


@pytest.mark.parametrize("sizes", [(287, 288, 289), (1, 1400, 2), (60_000, 9, 300)])
def test_a_datagram_longer_than_a_frame_is_whole_among_short_ones(endpoint: socket.socket, sizes: list[int]) -> None:
    with socket.socket(endpoint.family, socket.SOCK_DGRAM) as sender:
        sender.connect(endpoint.getsockname())
        sent = [bytes(n % 251 for n in range(size)) for size in sizes]
        for datagram in sent:
            sender.send(datagram)
        assert Datagrams(endpoint, 100).read() == {sender.getsockname(): sent}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says what is resident")
def test_a_link_that_is_idle_or_hears_usual_packets_costs_less_than_a_megabyte() -> None:
    with contextlib.ExitStack() as stack:
        endpoints = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(20)]
        before_mb = resident_mb()
        links = []
        for endpoint in endpoints:
            endpoint.bind(("127.0.0.1", 0))
            endpoint.setblocking(False)
            links.append(Datagrams(endpoint, 200))
        for endpoint, link in zip(endpoints, links, strict=True):
            for _ in range(40):
                endpoint.sendto(bytes(1400), endpoint.getsockname())
            assert sum(map(len, link.read().values())) == 40
            endpoint.sendto(bytes(60_000), endpoint.getsockname())
            assert link.read()
        assert resident_mb() - before_mb < 20


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def test_a_flood_does_not_starve_the_rest_of_the_loop(endpoint: socket.socket) -> None:
    with socket.socket(endpoint.family, socket.SOCK_DGRAM) as sender:
        sender.connect(endpoint.getsockname())
        for _ in range(200):
            sender.send(b"x")
        datagrams = Datagrams(endpoint, 100)
        first = sum(map(len, datagrams.read().values()))
        assert 100 <= first < 200
        assert first + sum(map(len, datagrams.read().values())) == 200


def test_a_socket_that_is_lost_is_an_error() -> None:
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", 0))
    endpoint.setblocking(False)
    datagrams = Datagrams(endpoint, 100)
    endpoint.close()
    with pytest.raises(OSError, match="file descriptor"):
        datagrams.read()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel notes arrivals on Linux")
def test_a_datagram_that_is_read_late_has_the_time_at_which_it_came(endpoint: socket.socket) -> None:
    datagrams = Datagrams(endpoint, 2000)
    assert datagrams.has_arrivals
    wait_until(lambda: notes_arrivals(endpoint, datagrams))
    between: list[tuple[int, int]] = []
    with socket.socket(endpoint.family, socket.SOCK_DGRAM) as sender:
        sender.connect(endpoint.getsockname())
        for number in range(140):  # more than one call takes
            before_ms = wall_clock_ms()
            sender.send(b"%d" % number)
            between.append((before_ms, wall_clock_ms()))
            if number in (3, 130):
                wait_until_after(before_ms + 50)
        read_ms = wall_clock_ms()
        assert list(datagrams.read()) == [sender.getsockname()]
        came_ms = datagrams.arrivals_ms[sender.getsockname()]
    assert all(first <= at <= last for at, (first, last) in zip(came_ms, between, strict=True))
    assert came_ms[3] < read_ms - 100
    assert datagrams.read() == {}
    assert datagrams.arrivals_ms == {}


def notes_arrivals(endpoint: socket.socket, datagrams: Datagrams) -> bool:
    """Return whether the kernel has begun to note arrivals: a datagram is older than its reading."""
    endpoint.sendto(b"x", endpoint.getsockname())
    wait_until_after(wall_clock_ms() + 5)
    read_ms = wall_clock_ms()
    datagrams.read()
    return all(at < read_ms for times_ms in datagrams.arrivals_ms.values() for at in times_ms)


def wait_until_after(time_ms: int) -> None:
    wait_until(lambda: wall_clock_ms() > time_ms)
