"""Outgoing requests: one deadline for all of it, pinned addresses, no redirect, and no body beyond what is used."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from headland.network.address_policy import PUBLIC_ONLY, parse_networks
from headland.network.http_client import AnswerTooLargeError, OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from tests.station.certificates import Authority
from tests.waiting import PATIENCE_S, wait_until

LOOPBACK = parse_networks("127.0.0.0/8,::1")
#: How long a peer that never answers keeps silent, and the time of a request that another thread ends: no test waits so
#: long.
FOR_EVER_S = 3600.0
Answer = Callable[[socket.socket, threading.Event], None]


@contextmanager
def peer(answer: Answer) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of a server that reads a request's head and then does what `answer` says, and the heads."""
    heads: list[bytes] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as cleanup:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve_one, args=(connection,), name="test-peer", daemon=True).start()

        def serve_one(connection: socket.socket) -> None:
            with connection:
                try:
                    head = b""
                    while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
                        head += piece
                    heads.append(head)
                    answer(connection, ended)
                except OSError:
                    pass

        cleanup.callback(ended.set)
        cleanup.callback(server.shutdown, socket.SHUT_RDWR)
        threading.Thread(target=serve, name="test-accept", daemon=True).start()
        yield server.getsockname()[1], heads


def drip(text: bytes) -> Answer:
    """Send a text byte by byte, each soon enough for a timeout of a single read."""

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        for at in range(len(text)):
            connection.sendall(text[at : at + 1])
            if ended.wait(0.05):
                return
        ended.wait(FOR_EVER_S)

    return answer


def flood(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while not ended.is_set():
        connection.sendall(bytes(65536))


def silence(_connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(FOR_EVER_S)


def half_a_head(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    ended.wait(FOR_EVER_S)


def say(text: bytes) -> Answer:
    return lambda connection, _ended: connection.sendall(text)


def post(port: int, client: OutgoingClient | None = None, within_s: float = PATIENCE_S, path: str = "/") -> int:
    client = client or OutgoingClient(LOOPBACK)
    return client.post(parse_target(f"http://127.0.0.1:{port}{path}"), b"{}", {}, within_s).status


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        drip(b"HTTP/1.1 200 OK\r\n" + b"X-Drip: a\r\n" * 5000),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
        half_a_head,
    ],
    ids=["silence", "drip of a head", "drip of interim answers", "half a head"],
)
def test_an_answer_that_takes_too_long_ends_at_the_deadline(answer: Answer) -> None:
    with peer(answer) as (port, _), pytest.raises(OutgoingError, match=r"no answer within 0\.5 s"):
        post(port, within_s=0.5)


@pytest.mark.parametrize("answer", [flood, drip(b"HTTP/1.1 200 OK\r\n\r\nabc")], ids=["flood", "drip of a body"])
def test_the_body_of_an_answer_to_a_post_is_not_read(answer: Answer) -> None:
    with peer(answer) as (port, _):  # the body never ends: who reads it is late
        assert post(port) == 200


@pytest.mark.parametrize(
    ("answer", "sentence", "within_s"),
    [
        (flood, "more than 1000 bytes", PATIENCE_S),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 100), r"no answer within 1\.5 s", 1.5),
        (
            say(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(bytes(10**6))
            ),
            "compressed",
            PATIENCE_S,
        ),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"), "RemoteProtocolError", PATIENCE_S),
        (say(b"nonsense\r\n\r\n"), "RemoteProtocolError", PATIENCE_S),
    ],
    ids=["flood", "drip", "gzip", "short", "nonsense"],
)
def test_a_document_is_bounded_in_time_and_size_and_never_unpacked(
    answer: Answer, sentence: str, within_s: float
) -> None:
    with peer(answer) as (port, _), pytest.raises(OutgoingError, match=sentence):
        OutgoingClient(LOOPBACK).get(parse_target(f"http://127.0.0.1:{port}/"), {}, within_s, 1000)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with peer(say(moved)) as (port, heads):
        assert post(port) == 307
        assert len(heads) == 1


def test_a_request_asks_for_no_compression_and_names_the_host_of_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", _answer_with(asked, "127.0.0.1"))
    with peer(say(b"HTTP/1.1 204 No Content\r\n\r\n")) as (port, heads):
        client = OutgoingClient(LOOPBACK)
        answer = client.post(parse_target(f"http://app.example:{port}/a?b=c"), b"{}", {"X-One": "1"}, PATIENCE_S)
    assert (answer.status, len(asked)) == (204, 1)
    head = heads[0].lower()
    assert head.startswith(b"post /a?b=c http/1.1\r\n")
    assert f"\r\nhost: app.example:{port}\r\n".encode() in head
    assert b"\r\naccept-encoding: identity\r\n" in head


def _answer_with(asked: list[Any], *answers: str) -> Callable[..., Any]:
    """Return a resolver that answers with one address after another, as one does that wants to deceive a check."""
    left = list(answers)

    def resolve(host: Any, *_: Any, **__: Any) -> list[Any]:
        if isinstance(host, str):
            ip_address(host)  # only the name is resolved; a connection has the address
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, _[0]))]
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    return resolve


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.0.1"])
def test_a_name_that_leads_inside_is_refused_and_may_lead_elsewhere_later(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _answer_with([], address))
    with pytest.raises(OutgoingError, match="HEADLAND_WEBHOOK_NETWORKS") as caught:
        OutgoingClient(PUBLIC_ONLY).post(parse_target("http://app.example/"), b"", {}, PATIENCE_S)
    assert not caught.value.is_final
    assert address not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "10.0.0.1"])
def test_an_address_inside_is_refused_for_good_whether_something_listens_there_or_not(host: str) -> None:
    with peer(say(b"HTTP/1.1 204 No Content\r\n\r\n")) as (port, heads):
        said = set()
        for number in (port, 1):
            with pytest.raises(OutgoingError) as caught:
                OutgoingClient(PUBLIC_ONLY).post(parse_target(f"http://{host}:{number}/"), b"", {}, PATIENCE_S)
            assert caught.value.is_final
            said.add(str(caught.value))
    assert (len(said), heads) == (1, [])


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    # The second answer would be another host: nobody asks for it.
    monkeypatch.setattr(socket, "getaddrinfo", _answer_with(asked, "127.0.0.1", "127.0.0.2"))
    with peer(say(b"HTTP/1.1 204 No Content\r\n\r\n")) as (port, _):
        client = OutgoingClient(parse_networks("127.0.0.1"))
        assert client.post(parse_target(f"http://app.example:{port}/"), b"", {}, PATIENCE_S).status == 204
        assert len(asked) == 1


def test_a_resolver_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: go_on.wait(FOR_EVER_S) or [])
    with pytest.raises(OutgoingError, match="not resolved in time"):
        OutgoingClient(PUBLIC_ONLY).post(parse_target("http://app.example/"), b"", {}, 0.2)
    go_on.set()


def test_closing_the_client_ends_a_request_that_is_under_way() -> None:
    with peer(silence) as (port, heads):
        client = OutgoingClient(LOOPBACK)
        errors: list[OutgoingError] = []

        def ask() -> None:
            try:
                post(port, client, FOR_EVER_S)
            except OutgoingError as error:
                errors.append(error)

        asking = threading.Thread(target=ask, name="test-ask")
        asking.start()
        wait_until(lambda: heads)
        client.close()
        asking.join(PATIENCE_S)
        assert (asking.is_alive(), len(errors)) == (False, 1)
        with pytest.raises(OutgoingError):
            post(port, client)


def ask_and_close(client: OutgoingClient, url: str, is_under_way: Callable[[], object]) -> None:
    """Close a client as soon as its request is under way, and prove that this ends the request long before its time."""
    errors: list[OutgoingError] = []

    def ask() -> None:
        try:
            client.get(parse_target(url), {}, FOR_EVER_S, 1000)
        except OutgoingError as error:
            errors.append(error)

    asking = threading.Thread(target=ask, name="test-ask")
    asking.start()
    wait_until(is_under_way)
    client.close()
    asking.join(PATIENCE_S)
    assert (asking.is_alive(), len(errors)) == (False, 1)


def test_closing_the_client_ends_a_request_that_waits_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, asked = threading.Event(), threading.Event()

    def resolve(*_: Any, **__: Any) -> list[Any]:
        asked.set()
        go_on.wait(FOR_EVER_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    ask_and_close(OutgoingClient(None), "http://app.example/", asked.is_set)
    go_on.set()


def test_closing_the_client_ends_a_request_that_waits_for_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as cleanup:
        port = server.getsockname()[1]
        for _ in range(3):  # the queue of the server is full: others wait
            other = cleanup.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(("127.0.0.1", port))
        ask_and_close(OutgoingClient(None), f"http://127.0.0.1:{port}/", lambda: True)


def test_a_client_that_keeps_its_connection_has_a_deadline_for_each_request_and_connects_again() -> None:
    connections: list[socket.socket] = []

    def answer(connection: socket.socket, ended: threading.Event) -> None:
        connections.append(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nETag: one\r\nContent-Length: 1\r\n\r\na")
        connection.recv(65536)
        if len(connections) > 1:
            ended.wait(FOR_EVER_S)
        connection.sendall(b"HTTP/1.1 503 Away\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nlater")

    client = OutgoingClient(None, keeps_connection=True)
    with peer(answer) as (port, _):
        target = parse_target(f"http://127.0.0.1:{port}/")
        answers = [client.get(target, {}, PATIENCE_S, 10) for _ in range(3)]
        assert [(each.status, each.body) for each in answers] == [(200, b"a"), (503, b""), (200, b"a")]
        assert (answers[0].headers["etag"], answers[1].headers["retry-after"]) == ("one", "7")
        with pytest.raises(OutgoingError, match="no answer within"):
            client.get(target, {}, 0.2, 10)
        assert client.get(target, {}, PATIENCE_S, 10).body == b"a"
        client.close()
        with pytest.raises(OutgoingError):
            client.get(target, {}, PATIENCE_S, 10)
    assert len(connections) == 3


def answer_packed(body: bytes, status: str = "200 OK", encoding: bytes = b"gzip") -> Answer:
    head = b"HTTP/1.1 %s\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return say(head % (status.encode(), encoding, len(body)) + body)


def get_unpacked(answer: Answer, most_bytes: int = 1000, **more: Any) -> Any:
    with peer(answer) as (port, heads):
        got = OutgoingClient(LOOPBACK).get(
            parse_target(f"http://127.0.0.1:{port}/"), {}, PATIENCE_S, most_bytes, **more
        )
        return got, heads[0]


def test_a_packed_answer_is_unpacked_where_it_was_asked_for() -> None:
    got, head = get_unpacked(answer_packed(gzip.compress(b"rain")), unpacks=True)
    assert got.body == b"rain"
    assert b"Accept-Encoding: gzip\r\n" in head
    with pytest.raises(OutgoingError, match="not asked for"):
        get_unpacked(answer_packed(gzip.compress(b"rain")))


def test_a_small_answer_that_unpacks_to_more_than_is_wanted_is_too_large() -> None:
    with pytest.raises(AnswerTooLargeError, match="1000 bytes unpacked"):
        get_unpacked(answer_packed(gzip.compress(b"0" * 100_000)), unpacks=True)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"rain", mtime=0)[:-3], b""], ids=["other", "cut", "empty"])
def test_what_is_no_whole_gzip_is_an_error(body: bytes) -> None:
    with pytest.raises(OutgoingError, match="gzip"):
        get_unpacked(answer_packed(body), unpacks=True)


def test_the_body_of_another_status_is_read_where_the_caller_names_it() -> None:
    answer = answer_packed(gzip.compress(b"rain"), "203 Old")
    assert get_unpacked(answer, unpacks=True)[0].body == b""
    assert get_unpacked(answer, unpacks=True, read_at=frozenset((200, 203)))[0].body == b"rain"


@pytest.mark.services("openssl")
def test_tls_is_checked_by_the_name_of_the_url_also_where_its_address_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("app"))
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        request = b""
                        while not request.endswith(b"{}"):  # head and body may come apart
                            request += secure.recv(65536)
                        secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                except OSError:
                    pass

        serving = threading.Thread(target=serve, name="test-tls", daemon=True)
        serving.start()
        port = server.getsockname()[1]
        client = OutgoingClient(LOOPBACK)
        assert client.post(parse_target(f"https://localhost:{port}/"), b"{}", {}, PATIENCE_S).status == 204
        monkeypatch.setattr(socket, "getaddrinfo", _answer_with([], "127.0.0.1"))
        with pytest.raises(OutgoingError, match="certificate is not valid"):
            client.post(parse_target(f"https://other.example:{port}/"), b"{}", {}, PATIENCE_S)
        serving.join(PATIENCE_S)
    assert names == ["localhost", "other.example"]
