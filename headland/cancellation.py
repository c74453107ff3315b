"""Cancellation of work that nobody waits for any more: long work looks at it, and a query is interrupted by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from headland.errors import HeadlandError


class WorkCancelled(HeadlandError):  # noqa: N818 - it names what happened
    """The work was cancelled: its client is gone, its time is over, or the process stops."""


class CancellationToken:
    """Whether a piece of work is cancelled; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], object]] = []
        self.is_cancelled = False

    def cancel(self) -> None:
        """Cancel the work, and interrupt what runs for it."""
        with self._lock:
            self.is_cancelled = True
            # Under the lock: what is interrupted may otherwise serve another request by now.
            for interrupt in self._interrupts:
                with suppress(Exception):  # what has just ended cannot be interrupted
                    interrupt()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Call `interrupt` where the work is cancelled within the block."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            if self.is_cancelled:
                raise WorkCancelled("The request was cancelled.")
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)


#: The token of the work that runs in this context, which the threads of a request share.
_current: ContextVar[CancellationToken | None] = ContextVar("headland_cancellation", default=None)


def current_token() -> CancellationToken | None:
    """Return the token of this context, None for work that nothing cancels."""
    return _current.get()


def set_token(token: CancellationToken) -> None:
    """Make a token that of this context."""
    _current.set(token)


def check_cancelled() -> None:
    """Raise WorkCancelled where the work of this context is cancelled; long work calls it now and then."""
    token = _current.get()
    if token is not None and token.is_cancelled:
        raise WorkCancelled("The request was cancelled.")


@contextmanager
def cancellable(interrupt: Callable[[], object]) -> Iterator[None]:
    """Run the block so that a cancellation interrupts it."""
    token = _current.get()
    if token is None:
        yield
        return
    with token.interrupting(interrupt):
        yield
