"""HTTP connection to an API: key, retries, and problems as exceptions."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
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


class _Attempts:
    """The tries of one request: which failures it survives, and how long it waits before the next try."""

    def __init__(self, method: str, url: httpx.URL, tries: int) -> None:
        self._method = method
        self._url = url
        self._left = max(1, tries)
        self._backoff_s = _FIRST_WAIT_S

    def after_answer(self, answer: httpx.Response) -> float | None:
        """Return the wait before the next try [s], None for a success; raises the refusal of any other answer."""
        if answer.is_success:
            return None
        again = answer.status_code == _TOO_MANY or (answer.status_code == _NOT_NOW and self._method in _SAFE)
        if self._left == 1 or not again:
            raise refusal(answer)
        return self._wait_s(_retry_after_s(answer))

    def after_silence(self, error: httpx.TransportError) -> float:
        """Return the wait before the next try [s]; raises NotReachable where the request may have had an effect."""
        if self._left == 1 or (self._method not in _SAFE and not isinstance(error, httpx.ConnectError)):
            raise unreachable(self._url, error) from error
        return self._wait_s(0.0)

    def _wait_s(self, asked_s: float) -> float:
        wait_s = max(self._backoff_s, asked_s)
        self._left -= 1
        self._backoff_s *= 2
        return min(wait_s, _LONGEST_WAIT_S)


class Connection:
    """A connection. A 429 or 503 is tried again after the stated wait, at most `tries` times in all.

    Raises RequestRefused for every other problem, NotReachable without a response.
    """

    def __init__(
        self, url: str, key: str | None, timeout_s: float, tries: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.http = httpx.Client(base_url=url, headers=_headers(key), timeout=timeout_s)
        self._tries = tries
        self._sleep = sleep

    def close(self) -> None:
        """Close the connection."""
        self.http.close()

    def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Return a successful response. A request that may have had an effect is not sent twice."""
        attempts = _Attempts(method, self.http.base_url, self._tries)
        while True:
            try:
                answer = self.http.request(method, path, **rest)
            except httpx.TransportError as error:
                wait_s: float | None = attempts.after_silence(error)
            else:
                wait_s = attempts.after_answer(answer)
            if wait_s is None:
                return answer
            self._sleep(wait_s)

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
            following = _next_of(answer)
            if following is None:
                return
            answer = self.request("GET", following)


class AsyncConnection:
    """A connection whose requests are awaited, with the rules of `Connection`."""

    def __init__(self, url: str, key: str | None, timeout_s: float, tries: int) -> None:
        self.http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=timeout_s)
        self._tries = tries

    async def close(self) -> None:
        """Close the connection."""
        await self.http.aclose()

    async def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Return a successful response. A request that may have had an effect is not sent twice."""
        attempts = _Attempts(method, self.http.base_url, self._tries)
        while True:
            try:
                answer = await self.http.request(method, path, **rest)
            except httpx.TransportError as error:
                wait_s: float | None = attempts.after_silence(error)
            else:
                wait_s = attempts.after_answer(answer)
            if wait_s is None:
                return answer
            await asyncio.sleep(wait_s)

    async def follow(self, path: str, query: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield each page of a list, following the Link header."""
        answer = await self.request("GET", path, params=query)
        while True:
            yield answer.content
            following = _next_of(answer)
            if following is None:
                return
            answer = await self.request("GET", following)


def _headers(key: str | None) -> dict[str, str]:
    return {"Accept": "application/json", **({} if key is None else {"Authorization": f"Bearer {key}"})}


def _next_of(answer: httpx.Response) -> str | None:
    following = answer.links.get("next")
    return None if following is None else urljoin(str(answer.url), following["url"])


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
