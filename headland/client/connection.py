"""One HTTP connection to an API: the key, tries again, and problems as exceptions."""

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

from headland.client.errors import NotReachable, Refused
from headland.errors import SettingsError

#: Statuses that say: later. What changes something is not sent again after the second of them.
_TOO_MANY, _NOT_NOW = 429, 503
_SAFE: Final = frozenset(("GET", "HEAD", "PUT", "DELETE"))
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_PREFIX: Final = "urn:headland:problem:"


def find_key(key: str | None, folder: Path | None = None) -> str | None:
    """Return the key to show: the one given, else HEADLAND_API_KEY, else the `api-key` file of a farm's folder."""
    if key is not None:
        return key
    if told := os.environ.get("HEADLAND_API_KEY"):
        return told
    file = (folder or _farm_folder()) / "api-key"
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        sentence = f"The key in {file} cannot be read ({error.strerror}): give one, or mend the file."
        raise SettingsError(sentence) from error


def _farm_folder() -> Path:
    """Return where `headland up` keeps a farm unless it is told otherwise."""
    if told := os.environ.get("HEADLAND_DATA"):
        return Path(told)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "headland"


class Connection:
    """Asks an API. A 429 or 503 is tried again when it says, at most `tries` times in all.

    Raises Refused for every other problem, NotReachable where nobody answers.
    """

    def __init__(
        self, url: str, key: str | None, timeout_s: float, tries: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {"Accept": "application/json", **({} if key is None else {"Authorization": f"Bearer {key}"})}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._tries = max(1, tries)
        self._sleep = sleep

    def close(self) -> None:
        """Let the connection go."""
        self.http.close()

    def ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Return a successful answer. What may have had an effect already is not sent a second time."""
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
                wait_s = max(wait_s, _asked_wait_s(answer))
            self._sleep(min(wait_s, _LONGEST_WAIT_S))
            backoff_s *= 2
        raise AssertionError("unreachable")

    @contextmanager
    def streamed(self, path: str, query: dict[str, Any], accept: str) -> Iterator[Iterator[bytes]]:
        """Yield the chunks of an answer as they come."""
        try:
            with self.http.stream("GET", path, params=query, headers={"Accept": accept}) as answer:
                if not answer.is_success:
                    answer.read()
                    raise refusal(answer)
                yield answer.iter_bytes()
        except httpx.TransportError as error:
            raise unreachable(self.http.base_url, error) from error

    def follow(self, path: str, query: dict[str, Any]) -> Iterator[bytes]:
        """Yield each page of a list, by the Link of the page before."""
        answer = self.ask("GET", path, params=query)
        while True:
            yield answer.content
            following = answer.links.get("next")
            if following is None:
                return
            answer = self.ask("GET", urljoin(str(answer.url), following["url"]))


def refusal(answer: httpx.Response) -> Refused | NotReachable:
    """Return what a problem means; NotReachable for one that may pass by itself."""
    try:
        told = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    detail = str(told.pop("detail", "") or f"{answer.url} answers {answer.status_code} {answer.reason_phrase}.")
    kind = str(told.pop("type", "")).removeprefix(_PREFIX)
    if answer.status_code == _NOT_NOW:
        return NotReachable(detail)
    return Refused(answer.status_code, kind, detail, told)


def unreachable(url: httpx.URL, error: Exception) -> NotReachable:
    """Return what a failed connection means."""
    return NotReachable(f"Nobody answers at {url} ({error or type(error).__name__}): is the station running there?")


def _asked_wait_s(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("retry-after", ""))
    except ValueError:
        return 0.0
