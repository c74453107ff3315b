"""GET requests to one URL, on a connection that another thread can end."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

# httpx's own transport: httpx itself loads a command line with `rich`, which is too heavy for a gateway.
import httpcore

from headland.errors import RetryLater

MOST_BYTES: Final = 1024 * 1024
#: The longest connection attempt: a stop must complete within a second.
_CONNECT_S: Final = 0.8
_LONGEST_RETRY_S: Final = 3600.0
_OK, _NOT_MODIFIED = 200, 304
_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
    ValueError,
)


class HttpResponse(NamedTuple):
    """A body, or None where it has not changed since the last response."""

    body: bytes | None


class HttpRefusal(RetryLater):
    """The server answers without the document; `wait_s` is the wait that it requests."""

    def __init__(self, sentence: str, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class PollingClient:
    """Client of one URL. One thread uses it; `interrupt` may be called from another."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        # Messages show the URL without its login and its query, which may hold a key.
        self._redacted_url = f"{parts.scheme}://{host}{parts.path}"
        self._url = f"{parts.scheme}://{host}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        self._timeout_s = timeout_s
        self._headers = {"Host": host, "Accept": "application/json", "User-Agent": "headland"}
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        self._headers.update(headers)
        self._pool = httpcore.ConnectionPool(max_connections=1)
        self._socket: socket.socket | None = None
        self._interrupted = threading.Event()
        self._validators: dict[str, str] = {}

    def get(self) -> HttpResponse:
        """Return the response. Raises Refused, and RetryLater where the server does not answer."""
        deadline_s = time.monotonic() + self._timeout_s
        waits = dict.fromkeys(("read", "write", "pool"), self._timeout_s)
        extensions = {"trace": self._trace, "timeout": {**waits, "connect": min(self._timeout_s, _CONNECT_S)}}
        headers = [*self._headers.items(), *self._validators.items()]
        try:
            with self._pool.stream("GET", self._url, headers=headers, extensions=extensions) as response:
                if response.status == _NOT_MODIFIED and self._validators:
                    return HttpResponse(None)
                self._validators = {}
                fields = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
                if response.status != _OK:
                    raise HttpRefusal(f"{self._redacted_url} answers {response.status}", _wanted_wait_s(fields))
                body = self._read(response, deadline_s)
                for validator, condition in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
                    if validator in fields:
                        self._validators[condition] = fields[validator]
                return HttpResponse(body)
        except _ERRORS as error:
            raise RetryLater(f"{self._redacted_url} does not answer: {error or type(error).__name__}") from error

    def forget(self) -> None:
        """Request the whole document next time, even if it has not changed."""
        self._validators = {}

    def interrupt(self) -> None:
        """Make a running request, and every later one, fail at once."""
        self._interrupted.set()
        peer = self._socket
        if peer is not None:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def _read(self, response: httpcore.Response, deadline_s: float) -> bytes:
        body = b""
        for piece in response.iter_stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise HttpRefusal(f"{self._redacted_url} answers with more than {MOST_BYTES} bytes")
            if time.monotonic() > deadline_s or self._interrupted.is_set():
                raise httpcore.ReadTimeout("the answer takes too long")
        return body

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket of a new connection: only closing it ends a running read."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            peer = info["return_value"].get_extra_info("socket")
            self._socket = peer if isinstance(peer, socket.socket) else None
        if self._interrupted.is_set():
            raise httpcore.ReadTimeout("the source is stopping")


def _wanted_wait_s(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header; a date there is ignored, the back-off applies."""
    text = headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_S) if re.fullmatch(r"[0-9]{1,9}", text) else 0.0
