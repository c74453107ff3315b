"""Datagrams of many senders at once, with the kernel's help and without."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge.sources.mavlink.link.recvmmsg import Datagrams


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
