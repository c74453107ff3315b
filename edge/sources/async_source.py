"""Frame of the retried sources whose library is one of asyncio: a loop of its own in the source's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink


class AsyncSource(RetriedSource):
    """A `RetriedSource` that reads in a coroutine, `_read`, which a stop cancels."""

    def __init__(self, name: str, counters: Iterable[str]) -> None:
        super().__init__(name, counters)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def _read(self, sink: Sink) -> None:
        """Read until the connection is lost. Raises RetryLater."""
        raise NotImplementedError

    def _work(self, sink: Sink) -> None:
        asyncio.run(self._run(sink))

    async def _run(self, sink: Sink) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._read(sink))
        if self._stopping.is_set():
            self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _interrupt(self) -> None:
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # the loop has just ended by itself
                loop.call_soon_threadsafe(task.cancel)
