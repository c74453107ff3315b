"""Client of outgoing requests: one deadline for all of a request, addresses checked once and pinned, no redirects.

Each request has a connection of its own, but for a client that keeps one. A name is resolved once; the connection goes
to the address that was checked, with the name as Host and as the name in TLS. A body is not read beyond what is used,
and unpacked only where the caller asks for it, never to more than it wants. Closing a client ends its requests at once.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

# httpx's own transport: httpx itself loads a command line with `rich`, which is too heavy for a gateway.
import httpcore

from headland.network.address_policy import AddressPolicy, IPAddress, choose
from headland.network.http_target import HttpTarget
from headland.network.name_resolver import CLOSED, LOOK_EVERY_S, Deadline, OutgoingError, resolve_name

#: The statuses of an answer whose body is read, without another wish.
_OK: Final = frozenset((200,))
_GZIP: Final = ("gzip", "x-gzip")
_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
    ValueError,
)


class AnswerTooLargeError(OutgoingError):
    """The body of an answer has more bytes than are wanted."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status and headers of an answer, by names in lower case, and as much of its body as was asked for."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class OutgoingClient:
    """Sends requests to the addresses that `policy` permits; None permits all. From any thread.

    One that `keeps_connection` is for one host and one thread at a time; `close` is for any.
    """

    def __init__(
        self, policy: AddressPolicy | None, user_agent: str = "headland", *, keeps_connection: bool = False
    ) -> None:
        self._policy = policy
        self._user_agent = user_agent
        self._keeps_connection = keeps_connection
        self._kept: tuple[httpcore.ConnectionPool, Deadline] | None = None
        self._lock = threading.Lock()
        self._open: set[_Stream] = set()
        self._under_way = 0
        self._is_closed = False

    def close(self) -> None:
        """End all requests that are under way, and refuse others."""
        with self._lock:
            self._is_closed = True
            streams = list(self._open)
            # A request that is under way closes its connection itself.
            kept, self._kept = (None, self._kept) if self._under_way else (self._kept, None)
        for stream in streams:
            stream.interrupt()
        if kept is not None:
            kept[0].close()

    def post(
        self, target: HttpTarget, body: bytes, headers: Mapping[str, str], within_s: float, most_bytes: int = 0
    ) -> HttpAnswer:
        """POST a body; of the answer's own at most `most_bytes` are read, by default none. Raises OutgoingError."""
        return self._send("POST", target, body, headers, within_s, most_bytes)

    def get(
        self,
        target: HttpTarget,
        headers: Mapping[str, str],
        within_s: float,
        most_bytes: int,
        *,
        unpacks: bool = False,
        read_at: Set[int] = _OK,
        glance_bytes: int = 0,
    ) -> HttpAnswer:
        """GET a document of at most `most_bytes`; of another answer than `read_at` the first `glance_bytes` are read.

        With `unpacks` it may come as gzip, of at most so many bytes packed and unpacked. Raises OutgoingError.
        """
        wanted = {"Accept-Encoding": "gzip", **headers} if unpacks else headers
        return self._send(
            "GET",
            target,
            None,
            wanted,
            within_s,
            most_bytes,
            unpacks=unpacks,
            read_at=read_at,
            glance_bytes=glance_bytes,
        )

    def _send(
        self,
        method: str,
        target: HttpTarget,
        body: bytes | None,
        headers: Mapping[str, str],
        within_s: float,
        most_bytes: int,
        *,
        unpacks: bool = False,
        read_at: Set[int] = _OK,
        glance_bytes: int = 0,
    ) -> HttpAnswer:
        fields = {
            "Host": target.authority,
            "User-Agent": self._user_agent,
            "Accept-Encoding": "identity",
            **({} if self._keeps_connection else {"Connection": "close"}),
            **headers,
        }
        if body is not None:
            fields["Content-Length"] = str(len(body))
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode("ascii"),
            port=target.port,
            target=target.path.encode("ascii"),
        )
        pool, deadline = self._pool(target.scheme)
        deadline.begin(within_s)
        with self._lock:
            if self._is_closed:
                raise OutgoingError(CLOSED)
            self._under_way += 1
        try:
            with pool.stream(method, url, headers=list(fields.items()), content=body) as response:
                received = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
                if not most_bytes or response.status not in read_at:
                    return HttpAnswer(response.status, _glance(response, received, glance_bytes), received)
                return HttpAnswer(response.status, _read(response, received, most_bytes, unpacks=unpacks), received)
        except _ERRORS as error:
            if deadline.is_over():
                raise OutgoingError(f"there was no answer within {within_s:g} s") from error
            raise OutgoingError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        finally:
            with self._lock:
                self._under_way -= 1
                is_kept = self._keeps_connection and not self._is_closed
            if not is_kept:
                pool.close()

    def _pool(self, scheme: str) -> tuple[httpcore.ConnectionPool, Deadline]:
        """Return the kept connection or a new one, and the deadline of its request."""
        if self._kept is not None:
            return self._kept
        deadline = Deadline()
        tls = _tls_context(os.environ.get("SSL_CERT_FILE")) if scheme == "https" else None
        pool = httpcore.ConnectionPool(
            ssl_context=tls, network_backend=_Backend(self, deadline), max_connections=1, retries=0
        )
        if self._keeps_connection:
            self._kept = pool, deadline
        return pool, deadline

    def is_closed(self) -> bool:
        """Tell whether the client was closed."""
        return self._is_closed

    def resolve(self, host: str, deadline: Deadline) -> list[IPAddress]:
        """Return the permitted addresses of a host; raises OutgoingError where there are none, or any is not."""
        is_name = False
        try:
            found: list[IPAddress] = [ip_address(host)]
        except ValueError:
            found, is_name = resolve_name(host, deadline, self.is_closed), True
        if not found:
            raise OutgoingError("the host has no address")
        permitted = found if self._policy is None else choose(found, self._policy)
        if not permitted:
            sentence = "its host is in a network to which nothing is sent: the operator can permit it"
            # A name may lead elsewhere later, as where a hotspot answered for the name server.
            raise OutgoingError(f"{sentence} with HEADLAND_WEBHOOK_NETWORKS", is_final=not is_name)
        return permitted

    def begin(self, stream: _Stream) -> None:
        """Remember a stream that is open. Raises OutgoingError where the client is closed."""
        with self._lock:
            if not self._is_closed:
                self._open.add(stream)
                return
        stream.close()
        raise OutgoingError(CLOSED)

    def end(self, stream: _Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._open.discard(stream)


class _Backend(httpcore.NetworkBackend):
    """Connects to a permitted address of the host."""

    def __init__(self, client: OutgoingClient, deadline: Deadline) -> None:
        self._client = client
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline bounds it
        local_address: str | None = None,  # noqa: ARG002 - none is asked for
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - none are asked for
    ) -> httpcore.NetworkStream:
        """Return a stream to the first address that answers; addresses share the time that is left."""
        addresses = self._client.resolve(host, self._deadline)
        failure: OSError | None = None
        for number, address in enumerate(addresses):
            try:
                peer = self._connect(address, port, self._deadline.left_s() / (len(addresses) - number))
            except OSError as error:
                failure = error
                continue
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = _Stream(self._client, peer, self._deadline)
            self._client.begin(stream)
            return stream
        raise httpcore.ConnectError("no connection") from failure

    def _connect(self, address: IPAddress, port: int, within_s: float) -> socket.socket:
        """Return a connection. Raises OSError, and OutgoingError where the client is closed meanwhile."""
        until_s = time.monotonic() + within_s
        family, _, _, _, place = socket.getaddrinfo(str(address), port, type=socket.SOCK_STREAM)[0]
        peer = socket.socket(family, socket.SOCK_STREAM)
        try:
            peer.setblocking(False)
            code = peer.connect_ex(place)
            if code == errno.EINPROGRESS:
                self._await_connection(peer, until_s)
                code = peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except BaseException:
            peer.close()
            raise
        if code:
            peer.close()
            raise OSError(code, os.strerror(code))
        return peer

    def _await_connection(self, peer: socket.socket, until_s: float) -> None:
        ready = select.poll()
        ready.register(peer, select.POLLOUT)
        while not ready.poll(1000 * min(LOOK_EVERY_S, max(0.0, until_s - time.monotonic()))):
            if self._client.is_closed():
                raise OutgoingError(CLOSED)
            if time.monotonic() >= until_s:
                raise TimeoutError("no connection in time")


class _Stream(httpcore.NetworkStream):
    """A connection on which every operation ends at the deadline, also where each byte comes in time."""

    def __init__(self, client: OutgoingClient, peer: socket.socket, deadline: Deadline) -> None:
        self._client = client
        self._peer = peer
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline bounds it
        """Read what has arrived."""
        try:
            self._peer.settimeout(self._deadline.left_s())
            return self._peer.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("no answer in time") from error
        except OSError as error:
            raise httpcore.ReadError("the connection ended") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline bounds it
        """Write all of a buffer."""
        try:
            self._peer.settimeout(self._deadline.left_s())
            self._peer.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout("the request was not taken in time") from error
        except OSError as error:
            raise httpcore.WriteError("the connection ended") from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline bounds it
    ) -> httpcore.NetworkStream:
        """Begin TLS with the name of the host."""
        try:
            self._peer.settimeout(self._deadline.left_s())
            wrapped = ssl_context.wrap_socket(self._peer, server_hostname=server_hostname)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no TLS in time") from error
        except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
            raise httpcore.ConnectError(f"its certificate is not valid: {error.verify_message}") from error
        except OSError as error:
            raise httpcore.ConnectError("no TLS connection") from error
        self.close()
        stream = _Stream(self._client, wrapped, self._deadline)
        self._client.begin(stream)
        return stream

    def close(self) -> None:
        """Close the connection."""
        self._client.end(self)
        self._peer.close()

    def interrupt(self) -> None:
        """End a running operation, from another thread."""
        with suppress(OSError):
            self._peer.shutdown(socket.SHUT_RDWR)

    def get_extra_info(self, info: str) -> Any:
        """Return the socket, and whether something has arrived, as the end of an idle connection; else None."""
        if info == "is_readable":
            arrived = select.poll()
            arrived.register(self._peer, select.POLLIN)
            return bool(arrived.poll(0))
        return self._peer if info == "socket" else None


def _read(response: httpcore.Response, headers: Mapping[str, str], most_bytes: int, *, unpacks: bool) -> bytes:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity" and not (unpacks and encoding in _GZIP):
        raise OutgoingError("the answer is compressed in a way that was not asked for")
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > most_bytes:
            raise AnswerTooLargeError(f"the answer has more than {most_bytes} bytes")
    return bytes(body) if encoding == "identity" else _unpack(bytes(body), most_bytes)


def _glance(response: httpcore.Response, headers: Mapping[str, str], most_bytes: int) -> bytes:
    """Return the first bytes of a body that is not needed; empty where they cannot be read."""
    begin = bytearray()
    if most_bytes:
        with suppress(*_ERRORS):
            for piece in response.iter_stream():
                begin += piece
                if len(begin) >= most_bytes:
                    break
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return bytes(begin[:most_bytes])
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(begin, most_bytes) if encoding in _GZIP else b""
    except zlib.error:
        return b""


def _unpack(packed: bytes, most_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(packed, most_bytes + 1)
    except zlib.error as error:
        raise OutgoingError("the answer is no gzip though it says so") from error
    if len(body) > most_bytes:
        raise AnswerTooLargeError(f"the answer has more than {most_bytes} bytes unpacked")
    if not unpacker.eof:
        raise OutgoingError("the answer ends in the middle of its gzip")
    return body


@cache
def _tls_context(authorities: str | None) -> ssl.SSLContext:
    """Return a context that trusts the usual authorities, or those of the file that SSL_CERT_FILE names."""
    if authorities:
        return ssl.create_default_context(cafile=authorities)
    return httpcore.default_ssl_context()
