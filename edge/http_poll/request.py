"""One GET after the other to one address, on a connection that another thread can end."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import httpx

from headland.errors import RetryLater

#: httpx says every request; here they are counted.
logging.getLogger("httpx").setLevel(logging.WARNING)

MOST_BYTES: Final = 1024 * 1024
#: A connection attempt ends within a stop's second.
_CONNECT_S: Final = 0.8
_LONGEST_RETRY_S: Final = 3600.0


class Answer(NamedTuple):
    """A body, or None where it is the one that was given last."""

    body: bytes | None


class Refused(RetryLater):
    """The address answers, but not with what is asked for; `wait_s` is how long it wants to be left alone."""

    def __init__(self, sentence: str, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class Requests:
    """Asks for one URL. One thread uses it; `interrupt` may be called from another."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float) -> None:
        self._url = url
        # What is said of it names no login and no key.
        self._where = str(httpx.URL(url).copy_with(userinfo=b"", query=None))
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            headers={"Accept": "application/json", **headers},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
            # A device in the house is not behind the proxy that the environment may name.
            trust_env=False,
        )
        self._socket: socket.socket | None = None
        self._interrupted = threading.Event()
        self._validators: dict[str, str] = {}

    def get(self) -> Answer:
        """Return what the address says. Raises Refused, and RetryLater where it is not there."""
        deadline_s = time.monotonic() + self._timeout_s
        extensions = {"trace": self._trace}
        try:
            with self._client.stream("GET", self._url, headers=self._validators, extensions=extensions) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED and self._validators:
                    return Answer(None)
                self._validators = {}
                if response.status_code != httpx.codes.OK:
                    raise Refused(f"{self._where} answers {response.status_code}", _wanted_wait_s(response))
                body = self._read(response, deadline_s)
                for told, asked in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
                    if told in response.headers:
                        self._validators[asked] = response.headers[told]
                return Answer(body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ssl.SSLError) as error:
            raise RetryLater(f"{self._where} does not answer: {error or type(error).__name__}") from error

    def forget(self) -> None:
        """Ask for the whole document next time, also where it is the one that was given last."""
        self._validators = {}

    def interrupt(self) -> None:
        """Make a request under way, and every later one, fail at once."""
        self._interrupted.set()
        peer = self._socket
        if peer is not None:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _read(self, response: httpx.Response, deadline_s: float) -> bytes:
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise Refused(f"{self._where} answers with more than {MOST_BYTES} bytes")
            if time.monotonic() > deadline_s or self._interrupted.is_set():
                raise httpx.ReadTimeout("the answer takes too long")
        return body

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket of a connection that httpx makes: only its end ends a read under way."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            peer = info["return_value"].get_extra_info("socket")
            self._socket = peer if isinstance(peer, socket.socket) else None
        if self._interrupted.is_set():
            raise httpx.ReadTimeout("it is to stop")


def _wanted_wait_s(response: httpx.Response) -> float:
    """Return the seconds of a Retry-After header, which may also be a date; that one is left to the back-off."""
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_S) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
