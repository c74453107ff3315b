"""Supervised thread: repeats one step until it is stopped; nothing that the step raises ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from headland.errors import HeadlandError
from headland.runtime.item_failures import ItemFailures, sentence_of

_LOGGER = logging.getLogger(__name__)

#: The first and the longest wait after a failed step; it doubles in between.
_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 30.0
#: A thread whose step has not succeeded for so long is overdue.
OVERDUE_AFTER_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadStatus:
    """Status of a supervised thread: the age of its last success, and what failed since its start.

    Before the first success the age counts from the start. `overdue_after_s` is None where an old success is no fault.
    """

    name: str
    is_running: bool
    success_age_s: float
    overdue_after_s: float | None = None
    failures: int = 0
    item_failures: int = 0
    trouble: str = ""

    @property
    def is_overdue(self) -> bool:
        """Whether the last success is too old."""
        return self.overdue_after_s is not None and self.success_age_s > self.overdue_after_s

    @property
    def fault(self) -> str:
        """What is wrong with the thread as a sentence; empty where nothing is."""
        if not self.is_running:
            return f"{self.name} does not run"
        if self.is_overdue:
            why = f": {self.trouble}" if self.trouble else ""
            return f"{self.name} has not succeeded for {self.success_age_s:.0f} s{why}"
        return ""


class _StopSignal(threading.Event):
    """An event that wakes a waiting thread where it is set."""

    def __init__(self, woken: threading.Event) -> None:
        super().__init__()
        self._woken = woken

    def set(self) -> None:
        """Set the event."""
        super().set()
        self._woken.set()


class SupervisedThread:
    """A daemon thread that calls `step` every `every_s` until `stop`; a failed step is counted and tried again.

    `wake` begins the next step sooner, but not before `rest_s` of its wait is over. A step that waits by itself has no
    `every_s`; one that runs for long calls `succeed` on the way and looks at `stopping`; where it `reports_success`,
    its mere return is none. `finish` is called once, at the thread's end. Failures of single items belong to `items`.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], object],
        *,
        every_s: float = 0.0,
        rest_s: Callable[[], float] | None = None,
        waits_first: bool = False,
        overdue_after_s: float | None = OVERDUE_AFTER_S,
        retry_wait_s: Callable[[int], float] | None = None,
        finish: Callable[[], object] | None = None,
        reports_success: bool = False,
    ) -> None:
        self.name = name
        self.step = step
        self.items = ItemFailures()
        self._woken = threading.Event()
        self.stopping: threading.Event = _StopSignal(self._woken)
        self.failures = 0
        self.trouble = ""
        self._every_s = every_s
        self._rest_s = rest_s
        self._waits_first = waits_first
        self._overdue_after_s = overdue_after_s
        self._retry_wait_s = retry_wait_s
        self._finish = finish
        self._reports_success = reports_success
        self._failed_in_a_row = 0
        self._succeeded_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._succeeded_s = time.monotonic()
        self._thread.start()

    def stop(self, wait_s: float | None = None) -> None:
        """Let the current step end and wait for the thread's end; a thread that never started is left."""
        self.stopping.set()
        self.join(wait_s)

    def wake(self) -> None:
        """Begin the next step soon, as there is something new; from any thread."""
        self._woken.set()

    def join(self, wait_s: float | None = None) -> None:
        """Wait for the thread's end."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(wait_s)

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def succeed(self) -> None:
        """Note a success now, in the middle of a long step."""
        self._succeeded_s = time.monotonic()
        self._failed_in_a_row = 0
        self.trouble = ""

    def note_failure(self, error: BaseException) -> None:
        """Count a failure and log it where it differs from the last one; from the thread itself."""
        self.failures += 1
        self._failed_in_a_row += 1
        sentence = sentence_of(error)
        if sentence != self.trouble:
            trace = None if isinstance(error, HeadlandError) else error
            _LOGGER.warning("%s failed and goes on: %s", self.name, sentence, exc_info=trace)
        self.trouble = sentence

    def status(self) -> ThreadStatus:
        """Return the status of the thread; from any thread."""
        return ThreadStatus(
            name=self.name,
            is_running=self._thread.is_alive(),
            success_age_s=time.monotonic() - self._succeeded_s,
            overdue_after_s=self._overdue_after_s,
            failures=self.failures,
            item_failures=self.items.count,
            trouble=self.trouble,
        )

    def _run(self) -> None:
        try:
            if self._waits_first:
                self._await_next()
            while not self.stopping.is_set():
                if self._try_step():
                    self._await_next()
                else:
                    self.stopping.wait(self._wait_after_failure_s())
        finally:
            if self._finish is not None:
                try:
                    self._finish()
                except Exception:
                    _LOGGER.exception("%s did not end in order", self.name)

    def _await_next(self) -> None:
        """Wait until the next step is due, or something is new and the rest is over."""
        rest_s = 0.0 if self._rest_s is None else min(self._rest_s(), self._every_s)
        if rest_s > 0:
            self.stopping.wait(rest_s)
        self._woken.wait(self._every_s - rest_s)
        # Before the step: what is new while it runs begins another one.
        self._woken.clear()

    def _try_step(self) -> bool:
        try:
            self.step()
        except BaseException as error:  # SystemExit and a compiled library's panic, too: they would end it silently
            self.note_failure(error)
            return False
        if not self._reports_success:
            self.succeed()
        return True

    def _wait_after_failure_s(self) -> float:
        if self._retry_wait_s is not None:
            return self._retry_wait_s(self._failed_in_a_row)
        doubled_s = _FIRST_WAIT_S * 2.0 ** min(self._failed_in_a_row - 1, 20)
        return min(_LONGEST_WAIT_S, max(self._every_s, doubled_s))


def faults_of(threads: Sequence[ThreadStatus]) -> list[str]:
    """Return the sentences of the threads with which something is wrong."""
    return [thread.fault for thread in threads if thread.fault]


class SupervisedWorker:
    """Owns the supervised thread `_thread`, which a subclass makes."""

    _thread: SupervisedThread

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current round, and a last one where there is one, and end the thread."""
        self._thread.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]
