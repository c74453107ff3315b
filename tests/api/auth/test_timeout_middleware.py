"""Limits of a request by the middleware alone: what a stream costs while it waits, and who is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.auth.timeout_middleware import RunningRequests, TimeoutMiddleware
from headland.errors import HeadlandError
from headland.runtime.cancellation import WorkCancelled, check_cancelled

_SCOPE: Scope = {"type": "http", "method": "GET", "path": "/"}
_START: Message = {"type": "http.response.start", "status": 200, "headers": []}
_PART: Message = {"type": "http.response.body", "body": b"part", "more_body": True}
_END: Message = {"type": "http.response.body", "body": b""}


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts its timers."""

    timers = 0

    def call_at(  # type: ignore[override] # generic in the stubs of asyncio
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.timers += 1
        return super().call_at(when, callback, *args, context=context)


def run(loop: asyncio.AbstractEventLoop, app: Callable[..., Any], receive: Receive, send: Send) -> None:
    middleware = TimeoutMiddleware(app, 60.0, RunningRequests())
    try:
        loop.run_until_complete(middleware(_SCOPE, receive, send))
    finally:
        loop.close()


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def _accept(_: Message) -> None:
    await asyncio.sleep(0)


def test_an_open_stream_takes_no_timer_for_each_part_and_none_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.timeout_middleware._WATCH_AFTER_S", 0.0)
    loop = CountingLoop()
    counted = []

    async def stream(_scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.ensure_future(receive())
        await send(_START)
        for _ in range(50):  # the watch is due from the first turn of the loop on
            await send(_PART)
        counted.append(loop.timers)
        leaving.cancel()
        await send(_END)

    run(loop, stream, _never, _accept)
    # Until the watch, until the response begins, and until a part is accepted.
    assert counted == [3]


def test_a_client_that_does_not_accept_its_response_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.timeout_middleware._SEND_S", 0.02)
    ends = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(_START)
        try:
            await send(_PART)
        except TimeoutError:
            ends.append("given up")
            with pytest.raises(HeadlandError):
                check_cancelled()
            raise

    async def accept_the_start_alone(message: Message) -> None:
        if message is not _START:
            await _never()

    with pytest.raises(TimeoutError):
        run(asyncio.new_event_loop(), stream, _never, accept_the_start_alone)
    assert ends == ["given up"]


def test_parts_that_are_accepted_in_time_have_no_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.timeout_middleware._SEND_S", 0.05)
    loop = asyncio.new_event_loop()
    until_s = loop.time() + 0.15
    parts = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(_START)
        while loop.time() < until_s:
            await send(_PART)
        await send(_END)

    async def accept(message: Message) -> None:
        parts.append(message)
        await asyncio.sleep(0)

    run(loop, stream, _never, accept)
    assert parts[-1] is _END


def test_a_client_that_leaves_after_its_slow_body_has_its_work_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.timeout_middleware._WATCH_AFTER_S", 0.0)
    messages: list[Message] = [{"type": "http.request", "body": b"slow"}, {"type": "http.disconnect"}]
    seen = []

    async def receive() -> Message:
        await asyncio.sleep(0)  # the watch is due meanwhile
        await asyncio.sleep(0)
        return messages.pop(0) if messages else await _never()

    async def work(_scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((await receive())["type"])
        while not _is_cancelled():  # noqa: ASYNC110 - as long work looks at its cancellation
            await asyncio.sleep(0)
        seen.append("cancelled")
        await send(_START)
        await send(_END)

    run(asyncio.new_event_loop(), work, receive, _accept)
    assert seen == ["http.request", "cancelled"]


@pytest.mark.parametrize(("begins", "statuses"), [(False, [503]), (True, [200])])
def test_work_that_is_cancelled_outside_a_route_is_no_error_of_the_server(*, begins: bool, statuses: list[int]) -> None:
    answered = []

    async def work(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begins:
            await send(_START)
        raise WorkCancelled("The request was cancelled.")

    async def accept(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    run(asyncio.new_event_loop(), work, _never, accept)
    assert answered == statuses


def _is_cancelled() -> bool:
    try:
        check_cancelled()
    except HeadlandError:
        return True
    return False
