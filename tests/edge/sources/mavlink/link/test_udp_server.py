"""Answers of a UDP link to senders that prove nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge.sources.mavlink.link.udp_tcp import UdpServer
from edge.sources.mavlink.settings import LinkAddress

FRAME = bytes(45)


@pytest.fixture
def server(free_port: int) -> Iterator[UdpServer]:
    server = UdpServer(LinkAddress("udpin", "127.0.0.1", free_port))
    yield server
    server.close()


@pytest.fixture
def sender(free_port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.connect(("127.0.0.1", free_port))
        endpoint.settimeout(0.05)
        yield endpoint


def received(sender: socket.socket) -> list[bytes]:
    """Return the datagrams that arrived: on loopback they are there when `send` has returned."""
    datagrams = []
    while True:
        try:
            datagrams.append(sender.recv(65536))
        except TimeoutError:
            return datagrams


def test_a_sender_is_sent_at_most_three_times_what_it_sent(server: UdpServer, sender: socket.socket) -> None:
    sender.send(bytes(21))
    ((peer, _),) = server.receive(1.0)
    for _ in range(1000):
        server.send(peer, FRAME)
    assert sum(map(len, received(sender))) <= 3 * 21


def test_frames_wait_and_leave_in_order_with_the_next_datagrams(server: UdpServer, sender: socket.socket) -> None:
    sender.send(bytes(21))
    ((peer, _),) = server.receive(1.0)
    frames = [bytes([number]) * 45 for number in range(20)]
    for frame in frames:
        server.send(peer, frame)
    assert received(sender) == frames[:1]
    sender.send(bytes(300))
    server.receive(1.0)
    assert received(sender) == frames[1:]


def test_a_sender_that_is_not_known_is_sent_nothing(server: UdpServer, sender: socket.socket) -> None:
    server.send("127.0.0.1:9", FRAME)
    assert received(sender) == []
