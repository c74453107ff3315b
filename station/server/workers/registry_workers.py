"""Threads that need the registry: they begin at the start, or as soon as the registry can be opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from api.ops.readiness import Check
from headland.runtime.supervised_thread import ThreadStatus
from station.server.workers.once_done import OnceDone


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
