"""Client of outgoing requests: one deadline for all of a request, addresses checked once and pinned, no redirects.

Each request has a connection of its own. A name is resolved once; the connection goes to the address that was checked,
with the name as Host and as the name in TLS. A body is not read beyond what is used, and never unpacked.
"""

from __future__ import annotations

import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, Final

# httpx's own transport: httpx itself loads a command line with `rich`, which is too heavy for a gateway.
import httpcore

from headland.address_policy import AddressPolicy, IPAddress, choose
from headland.errors import HeadlandError
from headland.http_target import HttpTarget

#: Names that are resolved at once: the system's resolver cannot be interrupted, so a thread that waits for it is left.
_MOST_RESOLVING: Final = 16
_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
    ValueError,
)


class OutgoingError(HeadlandError):
    """A request that was not answered; `is_final` where another attempt would end in the same way."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status of an answer, and as much of its body as was asked for."""

    status: int
    body: bytes = b""


class OutgoingClient:
    """Sends requests to the addresses that `policy` permits; None permits all. From any thread."""

    def __init__(self, policy: AddressPolicy | None, user_agent: str = "headland") -> None:
        self._policy = policy
        self._user_agent = user_agent
        self._lock = threading.Lock()
        self._open: set[_Stream] = set()
        self._is_closed = False

    def close(self) -> None:
        """End all requests that are under way, and refuse others."""
        with self._lock:
            self._is_closed = True
            streams = list(self._open)
        for stream in streams:
            stream.interrupt()

    def post(self, target: HttpTarget, body: bytes, headers: Mapping[str, str], within_s: float) -> HttpAnswer:
        """POST a body; the answer's own body is not read. Raises OutgoingError."""
        return self._send("POST", target, body, headers, within_s, 0)

    def get(self, target: HttpTarget, headers: Mapping[str, str], within_s: float, most_bytes: int) -> HttpAnswer:
        """GET a document of at most `most_bytes`. Raises OutgoingError."""
        return self._send("GET", target, None, headers, within_s, most_bytes)

    def _send(
        self,
        method: str,
        target: HttpTarget,
        body: bytes | None,
        headers: Mapping[str, str],
        within_s: float,
        most_bytes: int,
    ) -> HttpAnswer:
        deadline_s = time.monotonic() + within_s
        fields = {
            "Host": target.authority,
            "User-Agent": self._user_agent,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        if body is not None:
            fields["Content-Length"] = str(len(body))
        backend = _Backend(self, deadline_s)
        tls = _tls_context(os.environ.get("SSL_CERT_FILE")) if target.scheme == "https" else None
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode("ascii"),
            port=target.port,
            target=target.path.encode("ascii"),
        )
        timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), within_s)}
        try:
            with (
                httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, max_connections=1) as pool,
                pool.stream(method, url, headers=list(fields.items()), content=body, extensions=timeouts) as response,
            ):
                if not most_bytes:
                    return HttpAnswer(response.status)
                return HttpAnswer(response.status, _read(response, most_bytes))
        except _ERRORS as error:
            if time.monotonic() >= deadline_s:
                raise OutgoingError(f"there was no answer within {within_s:g} s") from error
            raise OutgoingError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error

    def resolve(self, host: str, deadline_s: float) -> list[IPAddress]:
        """Return the permitted addresses of a host; raises OutgoingError where there are none, or any is not."""
        is_name = False
        try:
            found: list[IPAddress] = [ip_address(host)]
        except ValueError:
            found, is_name = _resolve(host, deadline_s), True
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
        raise OutgoingError("the station is stopping")

    def end(self, stream: _Stream) -> None:
        """Forget a stream."""
        with self._lock:
            self._open.discard(stream)


class _Backend(httpcore.NetworkBackend):
    """Connects to a permitted address of the host."""

    def __init__(self, client: OutgoingClient, deadline_s: float) -> None:
        self._client = client
        self._deadline_s = deadline_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline bounds it
        local_address: str | None = None,  # noqa: ARG002 - none is asked for
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - none are asked for
    ) -> httpcore.NetworkStream:
        """Return a stream to the first address that answers; addresses share the time that is left."""
        addresses = self._client.resolve(host, self._deadline_s)
        failure: OSError = TimeoutError("no time is left")
        for number, address in enumerate(addresses):
            left_s = (self._deadline_s - time.monotonic()) / (len(addresses) - number)
            if left_s <= 0:
                break
            try:
                peer = socket.create_connection((str(address), port), left_s)
            except OSError as error:
                failure = error
                continue
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = _Stream(self._client, peer, self._deadline_s)
            self._client.begin(stream)
            return stream
        raise httpcore.ConnectError("no connection") from failure


class _Stream(httpcore.NetworkStream):
    """A connection on which every operation ends at the deadline, also where each byte comes in time."""

    def __init__(self, client: OutgoingClient, peer: socket.socket, deadline_s: float) -> None:
        self._client = client
        self._peer = peer
        self._deadline_s = deadline_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline bounds it
        """Read what has arrived."""
        try:
            self._peer.settimeout(self._left_s())
            return self._peer.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("no answer in time") from error
        except OSError as error:
            raise httpcore.ReadError("the connection ended") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline bounds it
        """Write all of a buffer."""
        try:
            self._peer.settimeout(self._left_s())
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
            self._peer.settimeout(self._left_s())
            wrapped = ssl_context.wrap_socket(self._peer, server_hostname=server_hostname)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no TLS in time") from error
        except (ssl.SSLCertVerificationError, ssl.CertificateError) as error:
            raise httpcore.ConnectError(f"its certificate is not valid: {error.verify_message}") from error
        except OSError as error:
            raise httpcore.ConnectError("no TLS connection") from error
        self.close()
        stream = _Stream(self._client, wrapped, self._deadline_s)
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
        """Return the socket where it is asked for, else None."""
        return self._peer if info == "socket" else None

    def _left_s(self) -> float:
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


_resolving: Final = threading.Semaphore(_MOST_RESOLVING)


def _resolve(host: str, deadline_s: float) -> list[IPAddress]:
    """Return the addresses of a name. Raises OutgoingError."""
    if not _resolving.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
        raise OutgoingError("too many names are being resolved")
    answers: queue.SimpleQueue[list[IPAddress] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            # Bytes: a text would pass through a codec that raises for some names.
            infos = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
            answers.put([ip_address(str(info[4][0]).partition("%")[0]) for info in infos])
        except OSError as error:
            answers.put(error)
        except Exception as error:  # whatever the resolver raises is an answer, too
            answers.put(OSError(f"{type(error).__name__}: {error}"))
        finally:
            _resolving.release()

    threading.Thread(target=look_up, name="resolve-name", daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.0, deadline_s - time.monotonic()))
    except queue.Empty as error:
        raise OutgoingError("the name of the host was not resolved in time") from error
    if isinstance(answer, OSError):
        raise OutgoingError("the name of the host is not known") from answer
    return answer


def _read(response: httpcore.Response, most_bytes: int) -> bytes:
    if any(name.lower() == b"content-encoding" and value.lower() != b"identity" for name, value in response.headers):
        raise OutgoingError("the answer is compressed, which was not asked for")
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > most_bytes:
            raise OutgoingError(f"the answer has more than {most_bytes} bytes")
    return bytes(body)


@cache
def _tls_context(authorities: str | None) -> ssl.SSLContext:
    """Return a context that trusts the usual authorities, or those of the file that SSL_CERT_FILE names."""
    if authorities:
        return ssl.create_default_context(cafile=authorities)
    return httpcore.default_ssl_context()
