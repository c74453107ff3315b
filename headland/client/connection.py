"""HTTP connection to an API: key, retries, and problems as exceptions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx
import msgspec

from headland.client.errors import NotReachable, RequestRefused
from headland.errors import SettingsError

#: Statuses that ask for a retry. Unsafe requests are not sent again after the second.
_TOO_MANY, _NOT_NOW = 429, 503
_SAFE: Final = frozenset(("GET", "HEAD", "PUT", "DELETE"))
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_PREFIX: Final = "urn:headland:problem:"


def find_key(key: str | None, folder: Path | None = None) -> str | None:
    """Return the key: the argument, else HEADLAND_API_KEY, else the `api-key` file of a farm's folder."""
    if key is not None:
        return key
    if from_environment := os.environ.get("HEADLAND_API_KEY"):
        return from_environment
    file = (folder or _farm_folder()) / "api-key"
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        sentence = f"The key in {file} cannot be read ({error.strerror}): give a key, or correct the file."
        raise SettingsError(sentence) from error


def _farm_folder() -> Path:
    """Return the default folder of `headland up`."""
    if from_environment := os.environ.get("HEADLAND_DATA"):
        return Path(from_environment)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "headland"


class Connection:
    """A connection. A 429 or 503 is tried again after the stated wait, at most `tries` times in all.

    Raises RequestRefused for every other problem, NotReachable without a response.
    """

    def __init__(
        self, url: str, key: str | None, timeout_s: float, tries: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {"Accept": "application/json", **({} if key is None else {"Authorization": f"Bearer {key}"})}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._tries = max(1, tries)
        self._sleep = sleep

    def close(self) -> None:
        """Close the connection."""
        self.http.close()

    def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Return a successful response. A request that may have had an effect is not sent twice."""
        backoff_s = _FIRST_WAIT_S
        for left in range(self._tries - 1, -1, -1):
            wait_s = backoff_s
            try:
                answer = self.http.request(method, path, **rest)
            except httpx.TransportError as error:
                if left == 0 or (method not in _SAFE and not isinstance(error, httpx.ConnectError)):
                    raise unreachable(self.http.base_url, error) from error
            else:
                if answer.is_success:
                    return answer
                again = answer.status_code == _TOO_MANY or (answer.status_code == _NOT_NOW and method in _SAFE)
                if left == 0 or not again:
                    raise refusal(answer)
                wait_s = max(wait_s, _retry_after_s(answer))
            self._sleep(min(wait_s, _LONGEST_WAIT_S))
            backoff_s *= 2
        raise AssertionError("unreachable")

    @contextmanager
    def streamed(self, path: str, query: dict[str, Any], accept: str) -> Iterator[Iterator[bytes]]:
        """Yield the chunks of a response as they arrive."""
        try:
            with self.http.stream("GET", path, params=query, headers={"Accept": accept}) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                yield answer.iter_bytes()
        except httpx.TransportError as error:
            raise unreachable(self.http.base_url, error) from error

    def follow(self, path: str, query: dict[str, Any]) -> Iterator[bytes]:
        """Yield each page of a list, following the Link header."""
        answer = self.request("GET", path, params=query)
        while True:
            yield answer.content
            following = answer.links.get("next")
            if following is None:
                return
            answer = self.request("GET", urljoin(str(answer.url), following["url"]))


def refusal(answer: httpx.Response) -> RequestRefused | NotReachable:
    """Return a problem as an exception; NotReachable for a temporary one."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        problem = {}
    detail = str(
        problem.pop("detail", "") or f"{answer.url} responds with {answer.status_code} {answer.reason_phrase}."
    )
    kind = str(problem.pop("type", "")).removeprefix(_PREFIX)
    if answer.status_code == _NOT_NOW:
        return NotReachable(detail)
    return RequestRefused(answer.status_code, kind, detail, problem)


def unreachable(url: httpx.URL, error: Exception) -> NotReachable:
    """Return the exception of a failed connection."""
    return NotReachable(
        f"{url} does not respond ({error or type(error).__name__}): check that the station is running there."
    )


def _retry_after_s(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("retry-after", ""))
    except ValueError:
        return 0.0
