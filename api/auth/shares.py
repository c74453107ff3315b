"""Shares of the work under way: so many requests at once of a key and of an organisation, the others wait a little."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from starlette.types import Message, Scope, Send

from api.auth.limit_headers import note_share
from api.http.problems import ProblemError, too_many_requests

#: Name of the limit in the headers of an answer.
_NAME: Final = "at-once"


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
    #: Answers in parts that are being sent to clients of a key.
    sending_of_key: int = 32


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A request that waits for a place; one that is not new waits for it again, with its answer begun."""

    key: str
    organisation: str
    entered: asyncio.Future[None]
    is_new: bool


class Place:
    """A request's place, which it has while there is work for it, and not while its client takes what was made."""

    def __init__(self, shares: Shares, key: str, organisation: str) -> None:
        self._shares = shares
        self._whose = key, organisation
        self._is_held = False
        self._is_sending = False

    async def enter(self, scope: Scope) -> None:
        """Take the place of a request. Raises ProblemError (429)."""
        await self._shares.admit(scope, *self._whose)
        self._is_held = True

    def sent_without(self, send: Send) -> Send:
        """Return a `send` that leaves the place while a part is being sent, and takes it for the next part."""

        async def send_without_place(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            has_more = message.get("more_body", False)
            if has_more and not self._is_sending:
                self._shares.begin_sending(self._whose[0])
                self._is_sending = True
            self._leave()
            await send(message)
            if has_more:
                await self._shares.enter_again(*self._whose)
                self._is_held = True

        return send_without_place

    def end(self) -> None:
        """Leave the place for good."""
        self._leave()
        if self._is_sending:
            self._is_sending = False
            self._shares.end_sending(self._whose[0])

    def _leave(self) -> None:
        if self._is_held:
            self._is_held = False
            self._shares.leave(*self._whose)


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
        self._waiting: deque[_Waiting] = deque()
        self._waiting_keys: Counter[str] = Counter()
        self._sending: Counter[str] = Counter()

    async def enter(self, key: str, organisation: str) -> None:
        """Take a place, to be left with `leave`; wait for it where the share is taken. Raises ProblemError (429)."""
        if self._sending[key] >= self._share.sending_of_key:
            raise self._refusal()
        if self._fits(key, organisation) and not self._waiting_keys[key]:
            self._take(key, organisation)
        else:
            await self._wait(key, organisation)

    async def admit(self, scope: Scope, key: str, organisation: str) -> None:
        """Take a place as `enter` does, and note for the request's answer what is left."""
        try:
            await self.enter(key, organisation)
        except ProblemError:
            note_share(scope, _NAME, self._share.of_key, 0, self._share.wait_s)
            raise
        note_share(scope, _NAME, self._share.of_key, self._left(key, organisation))

    def leave(self, key: str, organisation: str) -> None:
        """Leave a place: those that wait for it enter in their order."""
        for counts, name in ((self._keys, key), (self._organisations, organisation)):
            counts[name] -= 1
            if not counts[name]:
                del counts[name]
        for entry in list(self._waiting):
            if not entry.entered.done() and self._fits(entry.key, entry.organisation):
                self._remove(entry)
                self._take(entry.key, entry.organisation)
                entry.entered.set_result(None)

    async def enter_again(self, key: str, organisation: str) -> None:
        """Take a place for the next part of an answer that is being sent; wait for it before all new requests."""
        if self._fits(key, organisation):
            self._take(key, organisation)
            return
        entry = _Waiting(key, organisation, asyncio.get_running_loop().create_future(), is_new=False)
        self._waiting.appendleft(entry)
        await self._wait_for(entry, None)

    def begin_sending(self, key: str) -> None:
        """Count an answer that is sent in parts."""
        self._sending[key] += 1

    def end_sending(self, key: str) -> None:
        """Forget an answer that was sent in parts."""
        self._sending[key] -= 1
        if not self._sending[key]:
            del self._sending[key]

    async def _wait(self, key: str, organisation: str) -> None:
        if self._waiting_keys[key] >= self._share.waiting_of_key:
            raise self._refusal()
        entry = _Waiting(key, organisation, asyncio.get_running_loop().create_future(), is_new=True)
        self._waiting.append(entry)
        self._waiting_keys[key] += 1
        await self._wait_for(entry, self._share.wait_s)

    async def _wait_for(self, entry: _Waiting, wait_s: float | None) -> None:
        entered = entry.entered
        try:
            async with asyncio.timeout(wait_s):
                await entered
        except TimeoutError:
            if entered.done() and not entered.cancelled():
                return  # the place came in the same moment
            raise self._refusal() from None
        except BaseException:
            if entered.done() and not entered.cancelled():
                self.leave(entry.key, entry.organisation)
            raise
        finally:
            if entry in self._waiting:
                self._remove(entry)

    def _remove(self, entry: _Waiting) -> None:
        self._waiting.remove(entry)
        if entry.is_new:
            self._forget_waiting(entry.key)

    def _fits(self, key: str, organisation: str) -> bool:
        return self._left(key, organisation) > 0

    def _left(self, key: str, organisation: str) -> int:
        """Return how many more requests would enter at once."""
        share = self._share
        return min(share.of_key - self._keys[key], share.of_organisation - self._organisations[organisation])

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
