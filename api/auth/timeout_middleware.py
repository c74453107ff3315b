"""Time limit until a response begins, and the cancellation of work for which nobody waits any more."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import reply_cancelled, reply_problem
from headland.runtime.cancellation import CancellationToken, WorkCancelled, set_token

RETRY_AFTER_S: Final = 30
#: A request that takes longer is watched: its client may leave. Most are answered before.
_WATCH_AFTER_S: Final = 0.25
#: How long a client may take to accept a part of its response. The server ends slower connections before.
_SEND_S: Final = 600.0
#: Parts of a body that wait for an application that does not read them.
_MOST_UNREAD: Final = 4


class RunningRequests:
    """The tokens of the requests under way, so that a stopping server can cancel their work."""

    def __init__(self) -> None:
        self._tokens: set[CancellationToken] = set()
        self._is_stopping = False

    def add(self, token: CancellationToken) -> None:
        """Add a request; one that arrives at a stopping server is cancelled at once."""
        self._tokens.add(token)
        if self._is_stopping:
            token.cancel()

    def remove(self, token: CancellationToken) -> None:
        """Remove a request whose work has ended."""
        self._tokens.discard(token)

    def cancel_all(self) -> None:
        """Cancel the work of all requests, and of those that are still to come."""
        self._is_stopping = True
        for token in list(self._tokens):
            token.cancel()

    def __len__(self) -> int:
        return len(self._tokens)


class TimeoutMiddleware:
    """Responds with 503 where `app` does not begin its response in time, and cancels its work.

    The work is cancelled, too, where the client has gone, and where it does not accept its response: a thread cannot be
    ended, but long work looks at its cancellation. A response that has begun has no time limit in all.
    """

    def __init__(self, app: ASGIApp, answer_s: float, running: RunningRequests) -> None:
        self._app = app
        self._answer_s = answer_s
        self._running = running
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and respond for it where `app` is too slow."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = asyncio.Event()
        is_late = False
        token = CancellationToken()
        client = _Client(receive, token)
        limit = _SendLimit()

        async def send_in_time(message: Message) -> None:
            if is_late:
                return
            started.set()
            limit.begin()
            try:
                await send(message)
            except asyncio.CancelledError as cancelled:
                if not limit.was_over():
                    raise
                token.cancel()
                raise TimeoutError from cancelled
            finally:
                limit.end()

        work = asyncio.create_task(self._work(scope, client, send_in_time, started, token))
        work.add_done_callback(lambda _: client.end())
        work.add_done_callback(lambda _: limit.close())
        try:
            async with asyncio.timeout(self._answer_s):
                await started.wait()
        except TimeoutError:
            is_late = True
            token.cancel()
            self._late.add(work)
            work.add_done_callback(self._forget)
            sentence = f"The response did not begin within {self._answer_s:g} s: request less data, or try again later."
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            late = reply_problem(503, sentence, kind="too-slow", title="Response timeout", headers=headers)
            await late(scope, receive, send)
            return
        except asyncio.CancelledError:
            token.cancel()
            work.cancel()
            raise
        await work

    async def _work(
        self, scope: Scope, client: _Client, send: Send, started: asyncio.Event, token: CancellationToken
    ) -> None:
        set_token(token)  # of this task, and of the threads that it starts
        self._running.add(token)
        try:
            await self._app(scope, client.receive, send)
        except WorkCancelled as error:  # outside a route, as where a key is looked up
            if not started.is_set():
                await reply_cancelled(error)(scope, client.receive, send)
        finally:
            self._running.remove(token)
            started.set()

    def _forget(self, work: asyncio.Task[None]) -> None:
        self._late.discard(work)
        if not work.cancelled():
            work.exception()  # marks it as read; it was logged where it was raised


class _SendLimit:
    """The time within which a client has to accept each part of its response; one timer for many parts."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None
        self._until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False

    def begin(self) -> None:
        """Note that a part is being sent by the running task."""
        self._task = asyncio.current_task()
        self._until_s = self._loop.time() + _SEND_S
        if self._timer is None:
            self._timer = self._loop.call_at(self._until_s, self._look)

    def end(self) -> None:
        """Note that the part was accepted."""
        self._task = None

    def close(self) -> None:
        """Stop to look."""
        if self._timer is not None:
            self._timer.cancel()

    def was_over(self) -> bool:
        """Tell whether this limit alone has cancelled the running task, which goes on with an error instead."""
        return self._is_late and self._task is not None and self._task.uncancel() == 0

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._until_s:
            self._timer = self._loop.call_at(self._until_s, self._look)
        else:
            self._is_late = True
            self._task.cancel()


class _Client:
    """What a client sends, for the application and for the watch over its leaving."""

    def __init__(self, receive: Receive, token: CancellationToken) -> None:
        self._receive = receive
        self._token = token
        self._is_reading = False
        self._messages: asyncio.Queue[Message] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._is_due = False
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._begin_watch)

    async def receive(self) -> Message:
        """Return the next message."""
        if self._messages is not None:
            return await self._messages.get()
        self._is_reading = True
        try:
            message = await self._receive()
        finally:
            self._is_reading = False
        if message["type"] == "http.disconnect":
            self._token.cancel()
        elif self._is_due:
            self._begin_watch()
        return message

    def end(self) -> None:
        """End the watch."""
        self._is_due = False
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def _begin_watch(self) -> None:
        """Wait for the client's leaving; while the application itself waits for what the client sends, after that."""
        self._is_due = self._is_reading
        if not self._is_due:
            self._messages = asyncio.Queue(_MOST_UNREAD)
            self._watch = asyncio.get_running_loop().create_task(self._pass_on(self._messages))

    async def _pass_on(self, messages: asyncio.Queue[Message]) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._token.cancel()
            await messages.put(message)
            if message["type"] == "http.disconnect":
                return
