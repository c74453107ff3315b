"""Shares of the work under way: so many requests at once of a key and of an organisation, the others wait a little."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from api.http.problems import ProblemError, too_many_requests


@dataclass(frozen=True, slots=True)
class RequestShare:
    """So many requests under way of a key and of an organisation, and how long and how many others wait.

    A farm's wall screen, desk and phones are often one key: of what four pages ask at once (a browser has six
    connections) twenty requests wait, behind maps that take two seconds each on a small station. They wait somewhat
    less long than the dashboard does for an answer, 20 s: waiting costs neither a thread nor a share.
    """

    of_key: int = 4
    of_organisation: int = 8
    waiting_of_key: int = 40
    wait_s: float = 15.0


class Shares:
    """Requests under way, by key and organisation. For the event loop's thread."""

    def __init__(self, share: RequestShare, refusal: str = "") -> None:
        self._share = share
        self._refused_with = refusal or (
            f"{share.of_key} requests of this key, or {share.of_organisation} of its organisation, are"
            " under way: wait for their answers."
        )
        self._keys: Counter[str] = Counter()
        self._organisations: Counter[str] = Counter()
        self._waiting: deque[tuple[str, str, asyncio.Future[None]]] = deque()
        self._waiting_keys: Counter[str] = Counter()

    async def enter(self, key: str, organisation: str) -> None:
        """Take a place, to be left with `leave`; wait for it where the share is taken. Raises ProblemError (429)."""
        if self._fits(key, organisation) and not self._waiting_keys[key]:
            self._take(key, organisation)
        else:
            await self._wait(key, organisation)

    def leave(self, key: str, organisation: str) -> None:
        """Leave a place: those that wait for it enter in their order."""
        for counts, name in ((self._keys, key), (self._organisations, organisation)):
            counts[name] -= 1
            if not counts[name]:
                del counts[name]
        for entry in list(self._waiting):
            waiting_key, waiting_organisation, entered = entry
            if not entered.done() and self._fits(waiting_key, waiting_organisation):
                self._waiting.remove(entry)
                self._forget_waiting(waiting_key)
                self._take(waiting_key, waiting_organisation)
                entered.set_result(None)

    async def _wait(self, key: str, organisation: str) -> None:
        if self._waiting_keys[key] >= self._share.waiting_of_key:
            raise self._refusal()
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = key, organisation, entered
        self._waiting.append(entry)
        self._waiting_keys[key] += 1
        try:
            async with asyncio.timeout(self._share.wait_s):
                await entered
        except TimeoutError:
            if entered.done() and not entered.cancelled():
                return  # the place came in the same moment
            raise self._refusal() from None
        except BaseException:
            if entered.done() and not entered.cancelled():
                self.leave(key, organisation)
            raise
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._forget_waiting(key)

    def _fits(self, key: str, organisation: str) -> bool:
        return self._keys[key] < self._share.of_key and self._organisations[organisation] < self._share.of_organisation

    def _take(self, key: str, organisation: str) -> None:
        self._keys[key] += 1
        self._organisations[organisation] += 1

    def _forget_waiting(self, key: str) -> None:
        self._waiting_keys[key] -= 1
        if not self._waiting_keys[key]:
            del self._waiting_keys[key]

    def _refusal(self) -> ProblemError:
        title = "Too many requests at once"
        return too_many_requests("too-many-at-once", title, self._refused_with, self._share.wait_s)
