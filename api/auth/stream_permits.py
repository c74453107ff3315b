"""Permission of open live streams: one question to the registry for all of them, and an end at once for the refused."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import Final

from anyio import CapacityLimiter, to_thread

from api.auth.authenticators import Authenticator, Credentials
from api.auth.permissions import is_open_to
from headland.errors import RetryLater
from headland.registry.models.models import Scope
from headland.registry.registry import Access

_LOGGER = logging.getLogger(__name__)

#: Path of the streams, which a person's role may close.
_PATH: Final = "/v1/live"


@dataclass(frozen=True, slots=True, eq=False)
class StreamPermit:
    """The permission of one open stream. `end` ends it, from the event loop."""

    credentials: Credentials
    organisation: str
    end: Callable[[], None]

    def is_given(self, access: Access | None) -> bool:
        """Tell whether an access permits the stream; None is none."""
        return (
            access is not None
            and access.organisation.handle == self.organisation
            and access.scope.includes(Scope.READ)
            and is_open_to(access.role, "GET", _PATH)
        )


class StreamPermits:
    """The open streams of one event loop. While there are any, a task asks for all of them every `every_s`.

    For the event loop's thread, but for `ask_now`. While nothing can be decided, a stream remains.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._open: dict[Credentials, set[StreamPermit]] = defaultdict(set)
        self._every_s = 0.0
        self._due = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        # A thread of its own, as for those who are let in.
        self._limiter = CapacityLimiter(1)

    def enter(self, permit: StreamPermit, every_s: float) -> None:
        """Add a stream whose access was just decided."""
        self._every_s = every_s
        self._open[permit.credentials].add(permit)
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            # Not in the context of the stream that came first, whose client may leave: it would be cancelled with it.
            task = self._ask_until_none_is_open()
            self._task = self._loop.create_task(task, name="live-permits", context=Context())

    def leave(self, permit: StreamPermit) -> None:
        """Forget a stream; with the last one the task ends."""
        same = self._open[permit.credentials]
        same.discard(permit)
        if not same:
            del self._open[permit.credentials]
        if not self._open and self._task is not None:
            self._task.cancel()
            self._task = None

    def ask_now(self) -> None:
        """Ask again at once: a key or session has ended. From any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it is closed
                loop.call_soon_threadsafe(self._due.set)

    async def _ask_until_none_is_open(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._due.wait()
            self._due.clear()
            try:
                await self._ask()
            except RetryLater:
                continue
            except Exception:  # whatever it is: without this task no stream would end with its key
                _LOGGER.exception("the permission of live streams cannot be decided")

    async def _ask(self) -> None:
        """Ask for all open streams, and end those that are refused. Raises RetryLater."""
        asked = list(self._open)
        accesses = await to_thread.run_sync(self._authenticator.admit_all, asked, limiter=self._limiter)
        for credentials, access in accesses.items():
            for permit in list(self._open.get(credentials, ())):
                if not permit.is_given(access):
                    permit.end()
