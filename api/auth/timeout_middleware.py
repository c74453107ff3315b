"""How long anybody waits for the beginning of an answer."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import reply_problem

RETRY_AFTER_S: Final = 30


class TimeoutMiddleware:
    """Answers 503 where `app` has not begun to answer in time; what it was doing ends by itself, unheard.

    A thread cannot be stopped, so its work goes on until it is done; but nobody waits for it any more. An answer that
    has begun may take as long as it takes.
    """

    def __init__(self, app: ASGIApp, answer_s: float) -> None:
        self._app = app
        self._answer_s = answer_s
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer for it where that takes too long."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = asyncio.Event()
        is_late = False

        async def send_in_time(message: Message) -> None:
            if is_late:
                return
            begun.set()
            await send(message)

        work = asyncio.create_task(self._work(scope, receive, send_in_time, begun))
        try:
            async with asyncio.timeout(self._answer_s):
                await begun.wait()
        except TimeoutError:
            is_late = True
            self._late.add(work)
            work.add_done_callback(self._forget)
            sentence = f"This took longer than {self._answer_s:g} s: ask for less at once, or again later."
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            late = reply_problem(503, sentence, kind="too-slow", title="It takes too long", headers=headers)
            await late(scope, receive, send)
            return
        except asyncio.CancelledError:
            work.cancel()
            raise
        await work

    async def _work(self, scope: Scope, receive: Receive, send: Send, begun: asyncio.Event) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            begun.set()

    def _forget(self, work: asyncio.Task[None]) -> None:
        self._late.discard(work)
        if not work.cancelled():
            work.exception()  # it was logged where it happened, and nobody asks for it any more
