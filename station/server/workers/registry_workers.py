"""Threads that need the registry: they begin at the start, or as soon as the registry can be opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from headland.errors import HeadlandError, SettingsError
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

_TRY_EVERY_S: Final = 2.0


class OnceDone:
    """Does a piece of work at `start`; while that fails, tries it again in a thread."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self._name = name
        self._work = work
        self._thread = SupervisedThread(
            name, self._try, every_s=_TRY_EVERY_S, waits_first=True, retry_wait_s=lambda _failures: _TRY_EVERY_S
        )
        self._is_waiting = False

    def start(self) -> None:
        """Do the work, or leave it to the thread; raises SettingsError, which no repetition mends."""
        try:
            self._work()
        except SettingsError:
            raise
        except HeadlandError as error:
            _LOGGER.error("%s", error)  # noqa: TRY400 - the sentence is enough
        except Exception:
            # A record with a damaged content: neither the process nor the data of gateways is to suffer.
            _LOGGER.exception("The %s failed and is tried again", self._name)
        else:
            return
        self._is_waiting = True
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread while the work is not done."""
        return [self._thread.status()] if self._is_waiting else []

    def _try(self) -> None:
        self._work()
        self._is_waiting = False
        self._thread.stopping.set()


class RegistryWorker(Protocol):
    """A part of the station with threads that need the registry."""

    def start(self) -> None:
        """Start the threads; raises RetryLater with none started."""
        ...

    def stop(self) -> None:
        """End the threads."""
        ...

    def counters(self) -> Mapping[str, float]:
        """Return counts since the start."""
        ...

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the threads."""
        ...


class CheckedWorker(RegistryWorker, Protocol):
    """A worker with a readiness check."""

    def check(self) -> Check:
        """Return the readiness check."""
        ...


class RegistryWorkers:
    """Prepares the registry, and builds and starts workers on it; where it cannot be opened, as soon as it can.

    Ingest stores meanwhile, and the API answers what needs the registry with 503 and the reason.
    """

    def __init__(
        self,
        prepare: Callable[[], object],
        build_checked: Callable[[], Sequence[CheckedWorker]],
        build_others: Callable[[], Sequence[RegistryWorker]],
    ) -> None:
        self._prepare = prepare
        self._build_checked = build_checked
        self._build_others = build_others
        self._checked: Sequence[CheckedWorker] = ()
        self._started: list[RegistryWorker] = []
        self._beginning = OnceDone("registry-preparation", self._begin)

    def start(self) -> None:
        """Begin; raises SettingsError where the farm's folder cannot be written."""
        self._beginning.start()

    def stop(self) -> None:
        """End all threads, the last started first."""
        self._beginning.stop()
        for worker in reversed(self._started):
            worker.stop()

    def counters(self) -> dict[str, float]:
        """Return the counters of all workers."""
        return {name: float(count) for worker in self._started for name, count in worker.counters().items()}

    def checks(self) -> list[Check]:
        """Return the readiness checks of the workers."""
        return [worker.check() for worker in self._checked]

    def threads(self) -> list[ThreadStatus]:
        """Return the status of all threads."""
        return [*self._beginning.threads(), *(status for worker in self._started for status in worker.threads())]

    def _begin(self) -> None:
        self._prepare()
        checked, others = self._build_checked(), self._build_others()
        for worker in (*checked, *others):
            worker.start()
            self._started.append(worker)
        self._checked = checked
