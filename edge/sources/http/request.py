"""GET requests to one URL: what has changed since the last one, on a connection that another thread can end."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

from headland.errors import RetryLater
from headland.network.http_client import AnswerTooLargeError, OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError

MOST_BYTES: Final = 1024 * 1024
_LONGEST_RETRY_S: Final = 3600.0
_OK, _NOT_MODIFIED = 200, 304


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
        self._target = parse_target(url, permits_zone=True)
        # Messages show the URL without its login and its query, which may hold a key.
        self._redacted_url = f"{self._target.origin}{self._target.path.partition('?')[0]}"
        self._timeout_s = timeout_s
        self._headers = {"Accept": "application/json"}
        if self._target.login is not None:
            user, _, password = self._target.login.partition(":")
            login = f"{unquote(user)}:{unquote(password)}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        self._headers.update(headers)
        # Any address: such devices are inside, and named in the gateway's own file.
        self._client = OutgoingClient(None, keeps_connection=True)
        self._validators: dict[str, str] = {}

    def get(self) -> HttpResponse:
        """Return the response. Raises Refused, and RetryLater where the server does not answer."""
        headers = {**self._headers, **self._validators}
        try:
            answer = self._client.get(self._target, headers, self._timeout_s, MOST_BYTES)
        except AnswerTooLargeError as error:
            self._validators = {}
            raise HttpRefusal(f"{self._redacted_url} answers with more than {MOST_BYTES} bytes") from error
        except OutgoingError as error:
            raise RetryLater(f"{self._redacted_url} does not answer: {error}") from error
        if answer.status == _NOT_MODIFIED and self._validators:
            return HttpResponse(None)
        self._validators = {}
        if answer.status != _OK:
            raise HttpRefusal(f"{self._redacted_url} answers {answer.status}", _wanted_wait_s(answer.headers))
        for validator, condition in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
            if validator in answer.headers:
                self._validators[condition] = answer.headers[validator]
        return HttpResponse(answer.body)

    def forget(self) -> None:
        """Request the whole document next time, even if it has not changed."""
        self._validators = {}

    def interrupt(self) -> None:
        """Make a running request, and every later one, fail at once."""
        self._client.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _wanted_wait_s(headers: Mapping[str, str]) -> float:
    """Return the seconds of a Retry-After header; a date there is ignored, the back-off applies."""
    text = headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_S) if re.fullmatch(r"[0-9]{1,9}", text) else 0.0
