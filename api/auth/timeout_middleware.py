"""Time limit until a response begins."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import reply_problem

RETRY_AFTER_S: Final = 30


class TimeoutMiddleware:
    """Responds with 503 where `app` does not begin its response in time.

    A thread cannot be stopped: its work continues to its end, and the result is discarded. A response that has begun
    has no time limit.
    """

    def __init__(self, app: ASGIApp, answer_s: float) -> None:
        self._app = app
        self._answer_s = answer_s
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and respond for it where `app` is too slow."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = asyncio.Event()
        is_late = False

        async def send_in_time(message: Message) -> None:
            if is_late:
                return
            started.set()
            await send(message)

        work = asyncio.create_task(self._work(scope, receive, send_in_time, started))
        try:
            async with asyncio.timeout(self._answer_s):
                await started.wait()
        except TimeoutError:
            is_late = True
            self._late.add(work)
            work.add_done_callback(self._forget)
            sentence = f"The response did not begin within {self._answer_s:g} s: request less data, or try again later."
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            late = reply_problem(503, sentence, kind="too-slow", title="Response timeout", headers=headers)
            await late(scope, receive, send)
            return
        except asyncio.CancelledError:
            work.cancel()
            raise
        await work

    async def _work(self, scope: Scope, receive: Receive, send: Send, started: asyncio.Event) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            started.set()

    def _forget(self, work: asyncio.Task[None]) -> None:
        self._late.discard(work)
        if not work.cancelled():
            work.exception()  # marks it as read; it was logged where it was raised
