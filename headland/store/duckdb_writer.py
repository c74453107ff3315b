"""The writer thread of the DuckDB engine: alone it changes the file, and after each commit the picture in memory."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb
import msgspec
import numpy as np

from headland.contract.records import Descriptor
from headland.errors import DataDamaged, HeadlandError, RetryLater
from headland.store.duckdb_file import DuckDBFile, sentence_of, size_of, wal_of
from headland.store.duckdb_transaction import commit_group, delete_before, prune_marks, put_device
from headland.store.picture import StoreState, apply_change
from headland.store.port import WriteBatch, WriteResult
from headland.store.write_queue import ActionJob, BatchJob, WriteQueue

_LOGGER = logging.getLogger(__name__)

_MAX_JOBS: Final = 64
_MAX_GROUP_POINTS: Final = 200_000
_CHECKPOINT_BYTES: Final = 16 * 2**20


class DuckDBWriter:
    """Owns the writer thread and the picture in memory. Its calls block and may be made from any thread."""

    def __init__(self, file: DuckDBFile) -> None:
        self._file = file
        self._state = file.open()
        self._down: HeadlandError | None = None
        self._log_limit_bytes = _CHECKPOINT_BYTES
        self._lock = threading.Lock()
        self._counters = {"transactions": 0, "failed_transactions": 0, "duplicates": 0, "reopenings": 0}
        self._queue = WriteQueue(_MAX_JOBS, _MAX_GROUP_POINTS)
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @contextmanager
    def picture(self) -> Iterator[StoreState]:
        """Lend the picture in memory, unchanging meanwhile: keep the block short."""
        with self._lock:
            if self._down is not None:
                raise self._down
            yield self._state

    def counters(self) -> dict[str, int]:
        """Return what was done so far."""
        with self._lock:
            return {**self._counters, "waiting_writes": len(self._queue)}

    def write(self, batch: WriteBatch) -> WriteResult:
        """Commit a batch, perhaps together with others that wait."""
        job = BatchJob(batch)
        self._queue.put(job)
        return job.done.result()

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Keep a device's descriptor; `simulated` once true stays true."""
        self._act(lambda: self._put_device(organisation, gateway, descriptor))

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete what is older than `cut_ms`; return how many samples."""
        return self._act(lambda: self._cut(organisation, cut_ms))

    def close(self) -> None:
        """Finish what waits, end the thread and let the file go."""
        self._queue.close()
        self._thread.join()
        self._file.close()
        with self._lock:
            self._down = RetryLater("The store is closed.")

    def _act(self, action: Callable[[], int]) -> int:
        job = ActionJob(action)
        self._queue.put(job)
        return job.done.result()

    # Everything below runs on the writer thread.

    def _run(self) -> None:
        while (work := self._queue.take()) is not None:
            if isinstance(work, ActionJob):
                try:
                    self._open_again_if_down()
                    work.done.set_result(work.action())
                except Exception as error:
                    work.done.set_exception(self._failure(error))
            else:
                self._commit(work)
            self._keep_log_short()

    def _commit(self, jobs: Sequence[BatchJob]) -> None:
        try:
            self._open_again_if_down()
            batches = [job.batch for job in jobs]
            change = commit_group(self._file.connection, self._state, batches, time.time_ns() // 1_000_000)
        except Exception as error:
            if len(jobs) > 1 and not isinstance(error, duckdb.Error | HeadlandError):
                # One batch is at fault, not the store: its neighbours must not fail with it.
                for job in jobs:
                    self._commit([job])
                return
            failure = self._failure(error)
            for job in jobs:
                job.done.set_exception(failure)
            return
        with self._lock:
            apply_change(self._state, change)
            self._counters["transactions"] += 1
            self._counters["duplicates"] += sum(result.duplicate for result in change.results)
        for job, result in zip(jobs, change.results, strict=True):
            job.done.set_result(result)

    def _put_device(self, organisation: str, gateway: str, descriptor: Descriptor) -> int:
        before = self._state.devices.get((organisation, descriptor.device))
        if before is not None and before[1].simulated:
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        if before != (gateway, descriptor):
            put_device(self._file.connection, organisation, gateway, descriptor)
            with self._lock:
                self._state.devices[organisation, descriptor.device] = (gateway, descriptor)
        return 0

    def _cut(self, organisation: str, cut_ms: int) -> int:
        points, conflicts, events = delete_before(self._file.connection, self._state, organisation, cut_ms)
        with self._lock:
            state = self._state
            state.frontier.cut(np.array(state.catalog.of_organisation(organisation), np.int32), cut_ms)
            state.points -= points
            state.conflicts -= conflicts
            state.events -= events
        return points

    def _keep_log_short(self) -> None:
        """Move the write-ahead log into the file once it is long: here, so that no caller waits for it."""
        log_bytes = size_of(wal_of(self._file.path))
        if log_bytes < self._log_limit_bytes or not self._file.is_open:
            return
        try:
            prune_marks(self._file.connection, self._state.marks)
            self._file.connection.execute("CHECKPOINT")
            self._log_limit_bytes = _CHECKPOINT_BYTES
        except duckdb.Error as error:
            # The log still has everything and writes go on; trying at once again would only cost an opening each time.
            self._log_limit_bytes = log_bytes + _CHECKPOINT_BYTES
            _LOGGER.warning("%s", self._failure(error))

    def _failure(self, error: Exception) -> Exception:
        """Return what the caller is told, and mend what the error broke."""
        with self._lock:
            self._counters["failed_transactions"] += 1
        if not isinstance(error, duckdb.Error):
            return error
        sentence = sentence_of(error, self._file.path)
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            # DuckDB refuses everything from now on: only a new opening, which reads its log again, helps.
            self._file.close()
            with self._lock:
                self._down = sentence
            self._open_again_if_down()
        return sentence

    def _open_again_if_down(self) -> None:
        """Open the file again after it failed; stays down while that is not possible, for good when it is damaged."""
        if self._down is None or isinstance(self._down, DataDamaged):
            return
        try:
            state = self._file.open()
        except HeadlandError as error:
            _LOGGER.warning("the store stays closed: %s", error)
            with self._lock:
                self._down = error
            return
        with self._lock:
            self._state, self._down = state, None
            self._counters["reopenings"] += 1
