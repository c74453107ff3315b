"""Bounded queue in front of the writer thread: callers wait while it is full, so nothing is ever dropped."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from headland.errors import RetryLater
from headland.store.port import WriteBatch, WriteResult


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A batch to commit, alone or together with adjacent batches of the queue."""

    batch: WriteBatch
    done: Future[WriteResult] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class ActionJob:
    """Another change of the file, run alone."""

    action: Callable[[], object]
    done: Future[object] = field(default_factory=Future)


class WriteQueue:
    """Jobs in order of arrival."""

    def __init__(self, max_jobs: int, max_group_points: int) -> None:
        self._max_jobs = max_jobs
        self._max_group_points = max_group_points
        self._jobs: deque[BatchJob | ActionJob] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, job: BatchJob | ActionJob) -> None:
        """Add a job; wait while the queue is full. Raises RetryLater once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._jobs) < self._max_jobs)
            if self._closed:
                raise RetryLater("The store is closed.")
            self._jobs.append(job)
            self._changed.notify_all()

    def take(self, wait_s: float | None = None) -> list[BatchJob] | ActionJob | None:
        """Wait for work: an action, or the first batches that fit one transaction; None without any."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._jobs), wait_s)
            if not self._jobs:
                return None
            head = self._jobs.popleft()
            work: list[BatchJob] | ActionJob = self._take_group(head) if isinstance(head, BatchJob) else head
            self._changed.notify_all()
            return work

    def is_done(self) -> bool:
        """Return whether the queue is closed and empty."""
        with self._changed:
            return self._closed and not self._jobs

    def close(self) -> None:
        """Refuse further jobs; queued ones are still run."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._jobs)

    def _take_group(self, head: BatchJob) -> list[BatchJob]:
        group, points = [head], len(head.batch.points)
        while self._jobs:
            job = self._jobs[0]
            if not isinstance(job, BatchJob) or points + len(job.batch.points) > self._max_group_points:
                break
            points += len(job.batch.points)
            group.append(job)
            self._jobs.popleft()
        return group
