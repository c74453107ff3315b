from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from firmware_sim.links.udp_tcp import Link, open_link
from headland.errors import RetryLater, SettingsError
from tests.ports import find_free_port


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def hears(link: Link, text: bytes) -> Callable[[], bool]:
    heard = bytearray()

    def check() -> bool:
        heard.extend(link.receive())
        return text in heard

    return check


@pytest.mark.parametrize("url", ["", "udp:1", "serial:/dev/x", "udpout:host", "udpout::1", "tcp:h:x", "tcp:h:99999"])
def test_what_is_no_link_is_refused_with_the_form(url: str) -> None:
    with pytest.raises(SettingsError, match="udpout:HOST:PORT"):
        open_link(url)


def test_udp_goes_out_and_comes_back() -> None:
    port = find_free_port()
    inward, outward = open_link(f"udpin:127.0.0.1:{port}"), open_link(f"udpout:127.0.0.1:{port}")
    try:
        inward.send(b"nobody yet")
        assert inward.dropped == 1
        outward.send(b"hello")
        wait_for(hears(inward, b"hello"))
        inward.send(b"answer")
        wait_for(hears(outward, b"answer"))
    finally:
        inward.close()
        outward.close()


def test_udp_to_nobody_goes_on() -> None:
    link = open_link(f"udpout:127.0.0.1:{find_free_port()}")
    try:
        for _ in range(5):
            link.send(b"x")
            assert link.receive() == b""
    finally:
        link.close()


def test_a_peer_is_found_by_its_name() -> None:
    port = find_free_port()
    inward, outward = open_link(f"udpin:127.0.0.1:{port}"), open_link(f"udpout:localhost:{port}")
    try:
        outward.send(b"hello")
        wait_for(hears(inward, b"hello"))
    finally:
        inward.close()
        outward.close()


def test_a_tcp_peer_that_leaves_and_comes_back_is_found_again() -> None:
    port = find_free_port()
    client = open_link(f"tcp:127.0.0.1:{port}")
    try:
        client.send(b"nobody there")
        assert client.dropped == 1
        for _ in range(2):
            server = open_link(f"tcpin:127.0.0.1:{port}")

            def sends(client: Link = client, server: Link = server) -> bool:
                client.send(b"ping")
                return b"ping" in server.receive()

            wait_for(sends)
            server.send(b"pong")
            wait_for(hears(client, b"pong"))
            server.close()
    finally:
        client.close()


def test_a_tcp_server_serves_several_and_forgets_those_that_leave() -> None:
    port = find_free_port()
    server = open_link(f"tcpin:127.0.0.1:{port}")
    first, second = open_link(f"tcp:127.0.0.1:{port}"), open_link(f"tcp:127.0.0.1:{port}")
    try:
        first.send(b"one")
        second.send(b"two")
        heard = bytearray()

        def both() -> bool:
            heard.extend(server.receive())
            return b"one" in heard and b"two" in heard

        wait_for(both)
        first.close()
        for _ in range(20):
            server.send(b"tick")
        wait_for(hears(second, b"tick"))
    finally:
        for link in (first, second, server):
            link.close()


def test_a_slow_tcp_peer_costs_chunks_not_memory() -> None:
    port = find_free_port()
    server = open_link(f"tcpin:127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port)):
        try:
            for _ in range(20_000):
                server.send(bytes(1_000))
                if server.dropped > 10:
                    break
            assert server.dropped > 10
        finally:
            server.close()


def test_a_taken_address_is_to_be_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RetryLater, match=str(port)):
            open_link(f"tcpin:127.0.0.1:{port}")
