"""Writer thread of the DuckDB engine: it alone changes the file and, after each commit, the state in memory."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar, cast

import duckdb
import msgspec
import numpy as np

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor
from headland.errors import DataDamaged, HeadlandError, RetryLater
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from headland.store.core.rollup import ALWAYS_MS, Retention, RetentionCuts, reject_expired
from headland.store.core.sample_cache import SampleCache, find_days
from headland.store.core.stale_rollups import TouchedHours
from headland.store.core.state import StateChange, StoreState, apply_change, expire_books
from headland.store.core.write_queue import ActionJob, BatchJob, WriteQueue
from headland.store.duckdb.errors import first_line, translate_error
from headland.store.duckdb.file import EXAMINATION_S, LARGE_WORK_MB, DuckDBFile
from headland.store.duckdb.paths import size_of, wal_of
from headland.store.duckdb.tables.clock_flags import clear_flags, flag_ahead, series_ahead
from headland.store.duckdb.tables.compaction import Progress
from headland.store.duckdb.tables.deletion import (
    MOST_ROWS,
    DeletedRows,
    DeletedSoFar,
    DueRows,
    booked_events_ms,
    count_deleted,
    count_due,
    delete_before,
    expire_day,
    plan_deletion,
    take_back,
)
from headland.store.duckdb.tables.frontier_table import forget_frontier, is_shifted, save_frontier
from headland.store.duckdb.tables.rollups import (
    choose_hours,
    load_cuts,
    load_dirty,
    load_retention,
    roll_up,
    save_retention,
)
from headland.store.duckdb.tables.transaction import (
    commit_group,
    is_outcome_unknown,
    prune_marks,
    put_device,
    transaction,
)
from headland.store.port import Index, WriteBatch, WriteResult

_LOGGER = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_MAX_JOBS: Final = 64
#: How long the thread waits for work before it looks again.
_IDLE_S: Final = 5.0
#: Rewriting a large file is one action.
_OVERDUE_S: Final = 3600.0
_MAX_GROUP_POINTS: Final = 200_000
#: Size of the log at which it is moved into the file: of a fast one, and of one that took longer than `_SLOW_LOG_S`.
#: Until then DuckDB holds its rows in memory as well, and a damaged bit of it may cost all of them.
_CHECKPOINT_BYTES: Final = 16 * 2**20
_SLOW_CHECKPOINT_BYTES: Final = 2 * 2**20
_SLOW_LOG_S: Final = 30.0
#: Blocks whose parity is brought up to date at closing: about a second at most.
_PROTECTED_AT_CLOSE: Final = 2000
#: What DuckDB raises where other queries use the memory, and where a transaction failed in its commit or rollback.
_OUT_OF_MEMORY: Final = (duckdb.OutOfMemoryException, duckdb.TransactionException)


class DuckDBWriter:
    """Owns the writer thread and the state in memory. Its calls block and may be made from any thread."""

    def __init__(self, file: DuckDBFile, cache: SampleCache) -> None:
        self._file = file
        self._cache = cache
        self._state = file.open()
        self._dirty = load_dirty(file.connection, time.monotonic())
        self._cuts = load_cuts(file.connection)
        self._failure: HeadlandError | None = None
        self._log_limit_bytes = _CHECKPOINT_BYTES
        self._log_began_s = time.monotonic()
        self._lock = threading.Lock()
        self._counters = {"transactions": 0, "failed_transactions": 0, "duplicates": 0, "rejected": 0, "reopenings": 0}
        self._queue = WriteQueue(_MAX_JOBS, _MAX_GROUP_POINTS)
        self._thread = SupervisedThread("store-writer", self._work, overdue_after_s=_OVERDUE_S)
        self._thread.start()

    @contextmanager
    def state(self) -> Iterator[StoreState]:
        """Lock the state in memory for the block: keep it short."""
        with self._lock:
            if self._failure is not None:
                # A new exception each time: one that is raised again and again keeps every traceback.
                raise type(self._failure)(str(self._failure))
            yield self._state

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def counters(self) -> dict[str, int]:
        """Return the counters since the opening."""
        with self._lock:
            return {**self._counters, "waiting_writes": len(self._queue)}

    def samples_since_ms(self) -> int | None:
        """Return the start of the samples where older ones were deleted."""
        since_ms = self._cuts.raw_ms
        return None if since_ms == ALWAYS_MS else since_ms

    def write(self, batch: WriteBatch) -> WriteResult:
        """Commit a batch, possibly together with other waiting ones."""
        job = BatchJob(batch)
        self._queue.put(job)
        return job.done.result()

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor; `simulated` once true remains true, except with `unmark`."""
        self.run(lambda: self._put_device(organisation, gateway, descriptor, unmark=unmark))

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete everything before `cut_ms`, from the oldest on; return the number of samples.

        Much is deleted in several transactions: what is deleted when one fails remains so.
        """
        plan = self.run(lambda: self._plan_cut(organisation, cut_ms))
        return sum(self.run_with_memory(partial(self._cut, organisation, *part)) for part in plan)

    def roll_up(self, most_hours: int, quiet_since_s: float) -> int:
        """Update the rollups of at most `most_hours` hours; return their number, 0 when all are up to date.

        Hours with a write after `quiet_since_s` on the monotonic clock are left out.
        """
        return self.run(lambda: self._roll_up(most_hours, quiet_since_s))

    def expire_day(self, now_ms: int) -> DeletedRows | None:
        """Delete the oldest day that is due, or the large week; return what was deleted, None where none is due."""
        return self.run(lambda: self._expire_day(now_ms))

    def judge_again(self, since_ms: int, behind_ms: int, until_ms: int, flag_after_ms: int) -> tuple[int, int]:
        """Judge samples by their times again, after a clock that was wrong; return how many were cleared and flagged.

        Those that came since `since_ms` and were at most `behind_ms` ahead of the clock then are cleared, up
        to `until_ms`; those after `flag_after_ms` are flagged.
        """
        return self.run_with_memory(lambda: self._judge_again(since_ms, behind_ms, until_ms, flag_after_ms))

    def retention(self) -> Retention:
        """Return the days for which samples and rollups are kept."""
        return self.run(lambda: load_retention(self._file.connection))

    def set_retention(self, retention: Retention) -> Retention:
        """Set the days for which samples and rollups are kept, and return them."""

        def save() -> Retention:
            with transaction(self._file.connection):
                save_retention(self._file.connection, retention)
                newest_ms = self._state.newest_ms()
                due = RetentionCuts() if newest_ms is None else retention.cuts(newest_ms)
                cuts = take_back(self._file.connection, due)
            self._cuts = cuts
            return load_retention(self._file.connection)

        return self.run(save)

    def newest_ms(self) -> int | None:
        """Return the newest sample that no clock ahead has made; None without any."""
        with self.state() as state:
            return state.newest_ms()

    def count_due(self, retention: Retention, now_ms: int) -> DueRows:
        """Return what a retention would delete."""

        def look() -> DueRows:
            cuts = retention.cuts(now_ms)
            samples, events = count_due(self._file.connection, cuts)
            before_ms, events_ms = (None if each == ALWAYS_MS else each for each in (cuts.raw_ms, cuts.events_ms))
            return DueRows(samples, before_ms, events, events_ms if events else None)

        return self.run(look)

    def count_deleted(self) -> DeletedSoFar:
        """Return how many samples and events retention has deleted so far, and before when."""

        def look() -> DeletedSoFar:
            samples, events = count_deleted(self._file.connection)
            cuts = (self._cuts.raw_ms, self._cuts.events_ms)
            return DeletedSoFar(samples, events, *(None if cut_ms == ALWAYS_MS else cut_ms for cut_ms in cuts))

        return self.run(look)

    def run_with_memory(self, action: Callable[[], Answer]) -> Answer:
        """Run a large action on the writer thread, between two commits, with more memory."""

        def in_memory() -> Answer:
            with self._file.more_memory(LARGE_WORK_MB):
                return action()

        return self.run(in_memory)

    def checkpoint(self) -> None:
        """Move the log into the file, which frees the space of deleted rows."""
        self.run_with_memory(self._checkpoint)

    def rewrite(self, progress: Progress) -> None:
        """Replace the file by a copy without holes."""

        def rewrite() -> None:
            self._file.rewrite(progress)
            self._save_frontier()

        self.run_with_memory(rewrite)

    def repair(self) -> None:
        """Open the file anew after an examination of every block."""
        self.run(lambda: self._reopen("The store is being examined."))

    def examine(self) -> None:
        """Notice a file that was deleted, replaced or found to be damaged, and repair it."""
        self.run(self._examine)

    def protect(self) -> bool:
        """Bring the parity of the files up to date, in the caller's thread; return whether nothing is left to do."""
        return self._file.parity.update(self.run(lambda: self._file.parity.look(self._file.connection)))

    def close(self) -> None:
        """Finish the waiting jobs, end the thread and close the file."""
        self._queue.close()
        self._thread.join()
        # The next opening is quick then.
        with suppress(duckdb.Error, HeadlandError), self._file.more_memory(LARGE_WORK_MB):
            self._checkpoint()
        with suppress(duckdb.Error, HeadlandError):
            self._file.parity.update(self._file.parity.look(self._file.connection), _PROTECTED_AT_CLOSE)
        self._file.close()
        with self._lock:
            self._failure = RetryLater("The store is closed.")

    def run(self, action: Callable[[], Answer]) -> Answer:
        """Run an action on the writer thread, between two commits."""
        job = ActionJob(action)
        self._queue.put(job)
        return cast("Answer", job.done.result())

    # Everything below runs on the writer thread.

    def _work(self) -> None:
        """Do the next action or commit the next batches; whatever it raises, each caller gets an answer."""
        work = self._queue.take(_IDLE_S)
        if work is None:
            if self._queue.is_done():
                self._thread.stopping.set()
            return
        jobs: Sequence[BatchJob | ActionJob] = [work] if isinstance(work, ActionJob) else work
        try:
            if isinstance(work, ActionJob):
                self._act(work)
            else:
                self._commit(work)
            self._keep_log_short()
        except BaseException as error:
            # What was changed in the file may be missing in memory: both are read again before the next job.
            self._file.close()
            with self._lock:
                self._failure = RetryLater(f"The store is opened again after an error: {error}")
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)
            raise

    def _act(self, job: ActionJob) -> None:
        try:
            self._reopen_after_failure()
            answer = job.action()
        except Exception as error:
            job.done.set_exception(self._handle_error(error))
        else:
            job.done.set_result(answer)

    def _commit(self, jobs: Sequence[BatchJob]) -> None:
        try:
            self._reopen_after_failure()
            split = [reject_expired(job.batch, self._cuts.refused_ms) for job in jobs]
            batches = [batch for batch, _, _ in split]
            now_ms = wall_clock_ms()
            with self._cache.changing(find_days([batch.points.time_ms for batch in batches])):
                change, touched = self._store(batches, now_ms)
        except Exception as error:
            if len(jobs) > 1 and not isinstance(error, duckdb.Error | HeadlandError):
                # The error is that of one batch, not of the store: the others must not fail with it.
                for job in jobs:
                    self._commit([job])
                return
            failure = self._handle_error(error)
            for job in jobs:
                job.done.set_exception(failure)
            return
        with self._lock:
            apply_change(self._state, change)
            self._counters["transactions"] += 1
            self._counters["duplicates"] += sum(result.duplicate for result in change.results)
            self._counters["rejected"] += sum(len(rejections) for _, rejections, _ in split)
        self._dirty.add(touched, time.monotonic())
        try:
            self._keep_in_place()
        except Exception as error:
            # Not acknowledged: the gateways send it again, and what is stored by then is a duplicate.
            failure = self._handle_error(error)
            for job in jobs:
                job.done.set_exception(failure)
            return
        for job, result, (_, rejections, refused) in zip(jobs, change.results, split, strict=True):
            answer = replace(result, rejected=len(rejections), rejections=rejections, refused=refused)
            job.done.set_result(answer)

    def _store(self, batches: Sequence[WriteBatch], now_ms: int) -> tuple[StateChange, TouchedHours]:
        """Commit a group; where readers use the memory, once more with a part that they do not have."""
        try:
            return commit_group(self._file.connection, self._state, self._dirty, batches, now_ms)
        except _OUT_OF_MEMORY as error:
            with self._lock:
                self._counters["failed_transactions"] += 1
            _LOGGER.info("a commit is repeated with more memory: %s", first_line(error))
            self._leave_transaction(error)
            with self._file.more_memory(LARGE_WORK_MB):
                return commit_group(self._file.connection, self._state, self._dirty, batches, now_ms)

    def _leave_transaction(self, error: duckdb.Error) -> None:
        """Leave a failed transaction; raises where that fails.

        One whose rollback failed as well would refuse everything. One that failed in its commit may be stored: only
        what is read from the file tells, and by the state from before it would be stored again.
        """
        is_usable = not is_outcome_unknown(error)
        with suppress(duckdb.Error):
            self._file.connection.execute("ROLLBACK")
        try:
            self._file.connection.execute("SELECT 1").fetchall()
        except duckdb.Error:
            is_usable = False
        if not is_usable:
            self._file.close()
            with self._lock:
                self._failure = translate_error(error, self._file.path)
            self._reopen_after_failure()
            if self._failure is not None:
                raise self._failure from error

    def _keep_in_place(self) -> None:
        """See to it that commits are in the file at the store's path; raises where they are not."""
        try:
            self._restore_place()
            self._file.trouble = None
        except Exception as error:
            self._file.trouble = f"The files of the store are not in their place: {error}"
            raise

    def _restore_place(self) -> None:
        displaced, now_ms = self._file.displacement(), wall_clock_ms()
        if displaced == "deleted":
            with self._file.more_memory(LARGE_WORK_MB):
                self._file.put_back(now_ms)
                self._save_frontier()
        elif displaced == "replaced":
            with self._file.more_memory(LARGE_WORK_MB):
                self._file.keep_aside(now_ms)
            failure = RetryLater(f"The file of the store {self._file.path} was replaced by another one.")
            with self._lock:
                self._failure = failure
            self._reopen_after_failure()
            raise failure
        elif self._file.lost_log():
            with self._file.more_memory(LARGE_WORK_MB):
                self._file.save_log(now_ms)

    def _examine(self) -> None:
        self._keep_in_place()
        damage = self._file.damage_seen
        if damage is not None:
            self._reopen(str(damage))

    def _reopen(self, reason: str) -> None:
        """Open the file anew, which examines all of it and repairs it."""
        self._file.close()
        with self._lock:
            self._failure = RetryLater(reason)
        self._reopen_after_failure(most_s=math.inf)
        if self._failure is not None:
            raise self._failure

    def _put_device(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool) -> int:
        before = self._state.devices.get((organisation, descriptor.device))
        if before is not None and before[1].simulated and not unmark:
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        if before != (gateway, descriptor):
            put_device(self._file.connection, organisation, gateway, descriptor)
            with self._lock:
                self._state.devices[organisation, descriptor.device] = (gateway, descriptor)
        return 0

    def _plan_cut(self, organisation: str, cut_ms: int) -> list[tuple[Index, int]]:
        sids = np.array(self._state.catalog.of_organisation(organisation), np.int32)
        return plan_deletion(self._file.connection, sids, cut_ms)

    def _cut(self, organisation: str, sids: Index, cut_ms: int) -> int:
        forget_frontier(self._file.connection)
        with self._cache.changing_all():
            deleted = delete_before(self._file.connection, self._dirty, sids, organisation, cut_ms)
        with self._lock:
            self._state.frontier.cut(sids, cut_ms)
            self._forget(deleted)
            self._state.marks.update(expire_books(self._state.marks_of(organisation), cut_ms, cut_ms))
        self._dirty.add(deleted.touched, time.monotonic())
        self._free_deleted(deleted.points)
        return deleted.points

    def _judge_again(self, since_ms: int, behind_ms: int, until_ms: int, flag_after_ms: int) -> tuple[int, int]:
        connection = self._file.connection
        forget_frontier(connection)
        with self._cache.changing_all():
            cleared = clear_flags(connection, self._dirty, since_ms, behind_ms, until_ms)
            self._dirty.add(cleared.touched, time.monotonic())
            flagged = flag_ahead(connection, self._dirty, until_ms, flag_after_ms)
            self._dirty.add(flagged.touched, time.monotonic())
            sid, first_ms = series_ahead(connection)
        with self._lock:
            frontier = self._state.frontier
            frontier.take_back(sid, first_ms)
            for judged in (flagged, cleared):
                frontier.advance(judged.sid, judged.time_ms, judged.value, judged.quality)
        return cleared.samples, flagged.samples

    def _forget(self, deleted: DeletedRows) -> None:
        self._state.points -= deleted.points
        self._state.conflicts -= deleted.conflicts
        self._state.events -= deleted.events

    def _free_deleted(self, deleted: int) -> None:
        """Free what DuckDB holds for each row group with deleted rows until a checkpoint, where these may be many."""
        if self._state.points + deleted > MOST_ROWS:
            self._move_log()

    def _roll_up(self, most_hours: int, quiet_since_s: float) -> int:
        return self._roll_up_some(choose_hours(self._dirty.quiet(quiet_since_s), most_hours))

    def _roll_up_some(self, hours: list[int]) -> int:
        """Roll up hours, or the first of them where they take too much memory together; return how many."""
        while hours:
            try:
                with self._file.more_memory(LARGE_WORK_MB):
                    roll_up(self._file.connection, self._dirty, hours)
                break
            except _OUT_OF_MEMORY as error:
                if len(hours) == 1:
                    raise
                _LOGGER.info("fewer than %d hours are rolled up at once: %s", len(hours), first_line(error))
                self._leave_transaction(error)
                hours = hours[: len(hours) // 2]
        return len(hours)

    def _expire_day(self, now_ms: int) -> DeletedRows | None:
        due = load_retention(self._file.connection).cuts(now_ms)
        while hours := choose_hours([hour for hour in self._dirty.quiet(math.inf) if hour < due.raw_ms], 24):
            self._roll_up_some(hours)
        with self._file.more_memory(LARGE_WORK_MB), self._cache.changing_all():
            deleted, self._cuts = expire_day(self._file.connection, due)
        if deleted is None:
            return None
        events_ms = booked_events_ms(self._file.connection, self._cuts)
        with self._lock:
            self._forget(deleted)
            self._state.marks.update(expire_books(self._state.marks, self._cuts.raw_ms, events_ms))
        self._free_deleted(deleted.points)
        return deleted

    def _save_frontier(self) -> int:
        return save_frontier(self._file.connection, self._state.frontier, len(self._state.catalog))

    def _checkpoint(self) -> None:
        """Save the frontier and move the log into the file; where that moves the rows, save it again."""
        next_row = self._save_frontier()
        self._file.checkpoint()
        self._log_began_s = time.monotonic()
        if is_shifted(self._file.connection, next_row):
            self._save_frontier()

    def _keep_log_short(self) -> None:
        """Move a long write-ahead log into the file: here, where no caller waits for it."""
        log_bytes = size_of(wal_of(self._file.path))
        is_slow = time.monotonic() - self._log_began_s >= _SLOW_LOG_S and self._log_limit_bytes == _CHECKPOINT_BYTES
        limit_bytes = _SLOW_CHECKPOINT_BYTES if is_slow else self._log_limit_bytes
        if log_bytes < limit_bytes or not self._file.is_open:
            return
        # After a failure, an immediate second try would cost an opening each time.
        self._log_limit_bytes = _CHECKPOINT_BYTES if self._move_log() else log_bytes + _CHECKPOINT_BYTES

    def _move_log(self) -> bool:
        """Move the log into the file; return whether that succeeded: the log has everything else, and writes go on."""
        try:
            prune_marks(self._file.connection, self._state.marks)
            with self._file.more_memory(LARGE_WORK_MB):
                self._checkpoint()
        except duckdb.Error as error:
            _LOGGER.warning("%s", self._handle_error(error))
            return False
        return True

    def _handle_error(self, error: Exception) -> Exception:
        """Return the exception for the caller, and reopen the file where the error closed it."""
        with self._lock:
            self._counters["failed_transactions"] += 1
        if not isinstance(error, duckdb.Error):
            return error
        translated = translate_error(error, self._file.path)
        is_fatal = isinstance(error, duckdb.FatalException | duckdb.InternalException)
        if is_fatal or is_outcome_unknown(error) or not self._file.is_open:
            # DuckDB refuses everything from now on: the file must be opened again, which reads its log again.
            self._file.close()
            with self._lock:
                self._failure = translated
            self._reopen_after_failure()
        elif isinstance(error, _OUT_OF_MEMORY):
            with suppress(HeadlandError):
                self._leave_transaction(error)
        return translated

    def _reopen_after_failure(self, most_s: float = EXAMINATION_S) -> None:
        """Open the file again after a failure; a damaged file remains closed."""
        if self._failure is None or isinstance(self._failure, DataDamaged):
            return
        try:
            with self._cache.changing_all():
                state = self._file.open(most_s)
        except HeadlandError as error:
            _LOGGER.warning("the store stays closed: %s", error)
            with self._lock:
                self._failure = error
            return
        self._dirty = load_dirty(self._file.connection, time.monotonic())
        self._cuts = load_cuts(self._file.connection)
        with self._lock:
            self._state, self._failure = state, None
            self._counters["reopenings"] += 1
