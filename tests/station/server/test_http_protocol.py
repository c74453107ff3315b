"""Connections that send no request end in time, and make room for those that do."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
from starlette.responses import Response
from starlette.routing import Route

from api.app import create_app
from headland.store.memory import MemoryStore
from station.server.http_protocol import AT_ONCE, LEAST_TAKEN_BYTES, BoundedProtocol, bounded_protocol
from station.server.http_server import ApiServer, server_config
from tests.api.auth.test_shares import SkippingLoop
from tests.ports import find_free_port
from tests.waiting import PATIENCE_S
from tests.waiting import wait_until as wait

WaitUntil = Callable[..., None]
HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half:"


@contextmanager
def serving(most_connections: int, head_within_s: float) -> Iterator[int]:
    """Yield the port of an API's server with bounds of its own."""
    with running(most_connections, head_within_s) as server:
        yield server.config.port


@contextmanager
def running(most_connections: int, head_within_s: float) -> Iterator[ApiServer]:
    """Yield an API's server with bounds of its own."""
    app = create_app(MemoryStore(), organisation="own", readiness=list, counters=dict)
    port = find_free_port()
    config = server_config(app, "127.0.0.1", port)
    config.timeout_keep_alive = 3600  # a busy machine may leave a connection silent for longer than a proxy would
    config.http = bounded_protocol(most_connections, head_within_s)
    server = ApiServer(config)
    thread = threading.Thread(target=server.run, name="test-server", daemon=True)
    thread.start()
    wait(lambda: server.started)
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(120)


def half_request(port: int, cleanup: ExitStack, sent: bytes = HALF) -> socket.socket:
    connection = cleanup.enter_context(socket.create_connection(("127.0.0.1", port)))
    connection.sendall(sent)
    connection.settimeout(120)
    return connection


def is_answered(connection: socket.socket) -> bool:
    answer = b""
    while b'{"status":"ok"}' not in answer and (piece := connection.recv(4096)):
        answer += piece
    return answer.startswith(b"HTTP/1.1 200")


def is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


def test_a_burst_of_connections_is_accepted_and_ended_in_parts_and_others_are_served_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn, made, ended = [0], Counter[int](), Counter[int]()
    connect, end = BoundedProtocol.connection_made, BoundedProtocol.end

    def count_made(self: BoundedProtocol, transport: asyncio.Transport) -> None:
        made[turn[0]] += 1
        connect(self, transport)

    def count_ended(self: BoundedProtocol) -> None:
        ended[turn[0]] += 1
        end(self)

    monkeypatch.setattr(BoundedProtocol, "connection_made", count_made)
    monkeypatch.setattr(BoundedProtocol, "end", count_ended)
    with running(500, 0.3) as server, ExitStack() as cleanup:
        loop, go_on = server.servers[0].get_loop(), threading.Event()

        def take_turns() -> None:
            turn[0] += 1
            loop.call_later(0, take_turns)

        loop.call_soon_threadsafe(take_turns)
        loop.call_soon_threadsafe(go_on.wait, PATIENCE_S)
        burst = [cleanup.enter_context(socket.socket()) for _ in range(100)]
        for connection in burst:
            connection.settimeout(0.9)  # a full queue of the system would take a second
            connection.connect(("127.0.0.1", server.config.port))
            connection.settimeout(120)
        go_on.set()
        assert all(is_over(connection) for connection in burst)
    assert (made.total(), ended.total()) == (100, 100)
    assert max(*made.values(), *ended.values()) <= AT_ONCE


def test_a_head_that_does_not_come_in_time_ends_its_connection_also_where_it_drips() -> None:
    with serving(100, 0.3) as port, ExitStack() as cleanup:
        silent = half_request(port, cleanup, b"")
        half = half_request(port, cleanup)
        dripping = half_request(port, cleanup, b"G")

        def drip() -> None:
            try:
                while True:
                    dripping.sendall(b"a")
                    time.sleep(0.02)
            except OSError:
                pass

        threading.Thread(target=drip, name="test-drip", daemon=True).start()
        assert all(is_over(connection) for connection in (silent, half, dripping))


def shorten(protocol: type[BoundedProtocol]) -> None:
    """Give heads from now on 0.3 s."""
    protocol.head_within_s = 0.3
    if protocol._ending is not None:
        protocol._ending.cancel()
        protocol._ending = None


def test_a_connection_between_two_requests_may_be_silent_and_then_has_its_time_again() -> None:
    with running(100, 3600.0) as server, ExitStack() as cleanup:
        port, protocol = server.config.port, server.config.http
        assert isinstance(protocol, type)
        assert issubclass(protocol, BoundedProtocol)
        connection = half_request(port, cleanup, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert is_answered(connection)
        server.servers[0].get_loop().call_soon_threadsafe(shorten, protocol)
        assert is_over(half_request(port, cleanup))  # for so long, the other was silent
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert is_answered(connection)
        connection.sendall(HALF)
        assert is_over(connection)


def test_half_requests_beyond_the_number_of_connections_make_room_for_whole_ones() -> None:
    with serving(40, 3600.0) as port, ExitStack() as cleanup:
        halves = [half_request(port, cleanup) for _ in range(120)]
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=120)
        assert answer.status_code == 200
        halves[0].settimeout(120)
        assert is_over(halves[0])
        halves[-1].sendall(b" now\r\n\r\n")
        assert is_answered(halves[-1])


def test_connections_that_stay_open_after_their_answer_make_room_for_others_first() -> None:
    with serving(40, 3600.0) as port, ExitStack() as cleanup:
        whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        waiting = half_request(port, cleanup)
        silent = [half_request(port, cleanup, whole) for _ in range(39)]
        assert all(is_answered(connection) for connection in silent)
        silent[0].sendall(whole)
        assert is_answered(silent[0])
        for _ in range(38):
            assert is_answered(half_request(port, cleanup, whole))
        assert all(is_over(connection) for connection in silent[1:])
        for connection, rest in ((silent[0], whole), (waiting, b" now\r\n\r\n")):
            connection.sendall(rest)
            assert is_answered(connection)


def test_a_client_that_takes_nothing_of_its_answer_is_ended_and_one_that_takes_it_has_it_whole() -> None:
    whole = bytes(8_000_000)
    app = create_app(MemoryStore(), organisation="own", readiness=list, counters=dict)
    app.router.routes.insert(0, Route("/p/large", lambda _: Response(whole)))
    config = server_config(app, "127.0.0.1", find_free_port())
    config.http = bounded_protocol(100, 3600.0, taken_within_s=0.5)
    server = ApiServer(config)
    thread = threading.Thread(target=server.run, name="test-server", daemon=True)
    thread.start()
    wait(lambda: server.started)
    try:
        with ExitStack() as cleanup:
            unread = half_request(config.port, cleanup, b"GET /p/large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            wait(lambda: len(server.server_state.connections) == 1)
            wait(lambda: not server.server_state.connections)
            taken = 0
            with suppress(ConnectionResetError):
                while piece := unread.recv(65_536):
                    taken += len(piece)
            assert taken < len(whole)
        with httpx.Client(timeout=120) as client:
            assert client.get(f"http://127.0.0.1:{config.port}/p/large").content == whole
    finally:
        server.should_exit = True
        thread.join(120)


class Transport:
    """Of a client that takes so much of what is left in each period."""

    def __init__(self, takes: list[int], left: int) -> None:
        self.takes, self.left, self.aborted = takes, left, False

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize(
    ("takes", "is_ended"),
    [([40_000] * 20, False), ([LEAST_TAKEN_BYTES] * 20, False), ([LEAST_TAKEN_BYTES - 1], True), ([90_000, 0], True)],
)
def test_a_connection_ends_by_the_pace_at_which_an_answer_is_taken_however_long_that_lasts(
    takes: list[int], is_ended: bool
) -> None:
    protocol = object.__new__(bounded_protocol(10))
    transport = Transport(takes, 10_000_000)
    protocol.transport = transport  # type: ignore[assignment]
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:

        async def run() -> None:
            protocol.loop = asyncio.get_running_loop()
            protocol._look_later()
            for taken in takes:
                transport.left -= taken
                await asyncio.sleep(protocol.taken_within_s)
                await asyncio.sleep(0.001)
            protocol._stop_looking()

        runner.run(run())
    assert transport.aborted is is_ended


def test_a_connection_outlasts_the_silence_after_which_usual_proxies_and_clients_close_it() -> None:
    config = server_config(create_app(MemoryStore(), organisation="own", readiness=list, counters=dict), "", 0)
    assert config.timeout_keep_alive > 60
    assert config.timeout_keep_alive > httpx.Limits().keepalive_expiry  # type: ignore[operator]
