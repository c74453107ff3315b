"""Finished answers of released lots: the bytes of a page are made once, until anything that it rests on changes."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from contextvars import Context
from typing import Final

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from headland.analysis.inputs.result_cache import ResultCache
from headland.registry.registry import ChangeMark

#: Tokens whose organisation is known.
_MOST_TOKENS: Final = 10_000
#: Threads that ask the registry whether anything has changed.
_MARK_THREADS: Final = 2
_SHORT_BYTES: Final = 2048
_COMPRESSED_ALREADY: Final = ("application/pdf", "image/png")


class Finished(msgspec.Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def response(self) -> Response:
        """Return it as a response."""
        return Response(self.body, self.status, dict(self.headers))


class FinishedAnswers:
    """Answers by token, view and the mark of the organisation's last change. For the event loop's thread, but `make`.

    What an answer rests on are the organisation's records, ledger and events: a release, a withdrawal, a recall and a
    treatment that is entered late change its mark, whichever process writes them.
    """

    def __init__(
        self,
        cache: ResultCache,
        mark_of: Callable[[str], ChangeMark],
        organisations_of: Callable[[Collection[str]], Mapping[str, str]],
    ) -> None:
        self._cache = cache
        self._mark_of = mark_of
        self._organisations_of = organisations_of
        self._asked: dict[str, asyncio.Future[str | None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._organisations: OrderedDict[str, str] = OrderedDict()
        self._reading: dict[str, asyncio.Task[ChangeMark]] = {}
        self._next: dict[str, asyncio.Task[ChangeMark]] = {}
        self._threads = CapacityLimiter(_MARK_THREADS)

    async def organisation(self, token: str) -> str | None:
        """Return the organisation of a token, None for a wrong one. Raises RetryLater.

        Many are looked up together, so that no number of wrong ones makes a valid one wait for a place.
        """
        organisation = self._organisations.get(token)
        if organisation is not None:
            self._organisations.move_to_end(token)
            return organisation
        loop = asyncio.get_running_loop()
        asked = self._asked.get(token)
        if asked is None:
            asked = self._asked[token] = loop.create_future()
            if self._looking is None:
                self._looking = loop.create_task(self._look_up(), name="public-tokens", context=Context())
        return await asyncio.shield(asked)

    async def find(self, token: str, organisation: str, view: Hashable) -> Finished | None:
        """Return the answer of a token where it is finished and still true. Raises RetryLater."""
        return self._cache.find(self._key(token, view, await self._mark(organisation)))

    def make(self, token: str, organisation: str, view: Hashable, write: Callable[[], Response]) -> Finished:
        """Return the answer, written where it is not there; from any thread. What `write` raises is not kept.

        The mark is read before the answer is written: a change meanwhile leaves an answer that nobody finds.
        """
        key = self._key(token, view, self._mark_of(organisation))
        return self._cache.get(key, lambda: _finish(write()), family=key[:3])

    async def _look_up(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    found = await to_thread.run_sync(self._organisations_of, list(asked), limiter=self._threads)
                except Exception as error:
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()  # marks it as read: its client may have left
                    continue
                for token, future in asked.items():
                    future.set_result(found.get(token))
                self._note(found)
        finally:
            self._looking = None

    def _note(self, found: Mapping[str, str]) -> None:
        """Note the organisations of valid tokens, which never change."""
        self._organisations.update(found)
        while len(self._organisations) > _MOST_TOKENS:
            self._organisations.popitem(last=False)

    @staticmethod
    def _key(token: str, view: Hashable, mark: ChangeMark) -> tuple[Hashable, ...]:
        return ("public answer", token, view, mark)

    async def _mark(self, organisation: str) -> ChangeMark:
        """Return the mark as it is now or later: who comes while it is being read waits for the next reading."""
        task = self._next.get(organisation)
        if task is None:
            reading = self._read(organisation, self._reading.get(organisation))
            # Not in the context of the one that came first, whose client may leave: it would be cancelled with it.
            task = asyncio.get_running_loop().create_task(reading, name="public-marks", context=Context())
            self._next[organisation] = task
        return await asyncio.shield(task)

    async def _read(self, organisation: str, before: asyncio.Task[ChangeMark] | None) -> ChangeMark:
        if before is not None:
            await asyncio.wait([before])
        task = self._reading[organisation] = self._next.pop(organisation)
        try:
            return await to_thread.run_sync(self._mark_of, organisation, limiter=self._threads)
        finally:
            if self._reading.get(organisation) is task:
                del self._reading[organisation]


def takes_compressed(request: Request) -> bool:
    """Tell whether a client takes compressed answers: these are kept, too."""
    return "gzip" in request.headers.get("accept-encoding", "")


def compress(answer: Response) -> Response:
    """Return an answer compressed, where that makes it smaller."""
    body = bytes(answer.body)
    if len(body) >= _SHORT_BYTES and answer.headers["content-type"] not in _COMPRESSED_ALREADY:
        answer.body = gzip.compress(body, mtime=0)
        answer.headers["Content-Length"] = str(len(answer.body))
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers.add_vary_header("Accept-Encoding")
    return answer


def _finish(answer: Response) -> Finished:
    return Finished(answer.status_code, tuple(answer.headers.items()), bytes(answer.body))
