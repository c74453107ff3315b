"""Cancellation of work that nobody waits for any more: long work looks at it, and a query is interrupted by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final

from headland.errors import HeadlandError
from headland.runtime.supervised_thread import SupervisedThread

#: Time between two interrupts of work that is cancelled and has not ended.
_INTERRUPT_EVERY_S: Final = 0.05


class WorkCancelled(HeadlandError):  # noqa: N818 - it names what happened
    """The work was cancelled: its client is gone, its time is over, or the process stops."""


class CancellationToken:
    """Whether a piece of work is cancelled; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], object]] = []
        self.is_cancelled = False

    def cancel(self) -> None:
        """Cancel the work, and interrupt what runs for it, again and again until it has ended."""
        self.is_cancelled = True
        if self.interrupt():
            _INTERRUPTER.add(self)

    def interrupt(self) -> bool:
        """Interrupt what runs for the work; return whether anything did."""
        with self._lock:
            # Under the lock: what is interrupted may otherwise serve another request by now.
            for interrupt in self._interrupts:
                with suppress(Exception):  # what has just ended cannot be interrupted
                    interrupt()
            return bool(self._interrupts)

    @contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Call `interrupt` where the work is cancelled within the block, until the block ends."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            if self.is_cancelled:
                raise WorkCancelled("The request was cancelled.")
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)


class _Interrupter:
    """Repeats the interrupts of cancelled work that still runs, in a thread that ends with the last of it.

    One interrupt is not enough: it has no effect before a query runs, nor between two queries of the same work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: set[CancellationToken] = set()
        self._thread: SupervisedThread | None = None

    def add(self, token: CancellationToken) -> None:
        """Interrupt the work of a token until it has ended; from any thread."""
        with self._lock:
            self._tokens.add(token)
            if self._thread is None:
                self._thread = SupervisedThread(
                    "work-interrupter",
                    self._interrupt_all,
                    every_s=_INTERRUPT_EVERY_S,
                    waits_first=True,
                    retry_wait_s=lambda _: _INTERRUPT_EVERY_S,
                )
                self._thread.start()

    def _interrupt_all(self) -> None:
        with self._lock:
            self._tokens = {token for token in self._tokens if token.interrupt()}
            if not self._tokens and self._thread is not None:
                self._thread.stopping.set()
                self._thread = None


_INTERRUPTER: Final = _Interrupter()

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
