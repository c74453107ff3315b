"""Maintenance of a DuckDB file: rollups between commits, and a compaction every night."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from headland.clock.station_clock.station_clock import StationClock
from headland.errors import RetryLater
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from headland.store.core.rollup import Retention
from headland.store.core.sample_cache import SampleCache
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.tables.compaction import Progress, count_free, find_unsorted, no_progress, sort_range
from headland.store.duckdb.writer import DuckDBWriter
from headland.units_of_time import DAY_MS

_LOGGER = logging.getLogger(__name__)

#: An hour is rolled up after this long without a write.
_QUIET_S: Final = 30.0
_CHECK_EVERY_S: Final = 2.0
#: How often what nobody reads any more is removed from DuckDB's cache of the file.
_RELEASE_EVERY_S: Final = 10.0
#: A large file takes long to rewrite.
_OVERDUE_S: Final = 3600.0
#: Maintenance delays commits for about this long at a time, and then pauses for twice as long.
_SLICE_S: Final = 0.2
_MOST_HOURS: Final = 96
#: Free share of the file above which it is rewritten: at night, and on request.
_NIGHTLY_FREE_SHARE: Final = 0.5
_REQUESTED_FREE_SHARE: Final = 0.05
_LEAST_FREE_BYTES: Final = 16 * 2**20
#: Days that a night deletes at most: what a person has not seen yet by then is there for a while.
NIGHT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """Result of a compaction; sizes include the log. `held_back` says why nothing was deleted though it may be due."""

    expired_days: int
    expired_samples: int
    expired_events: int
    sorted_samples: int
    bytes_before: int
    bytes_after: int
    held_back: str = ""


class MaintenanceThread:
    """Owns the thread `store-maintenance`, which runs short pieces of work on the writer thread."""

    def __init__(self, file: DuckDBFile, writer: DuckDBWriter, cache: SampleCache, compact_at_hour: int | None) -> None:
        self._file = file
        self._writer = writer
        self._cache = cache
        self._compact_at_hour = compact_at_hour
        self._most_hours = 4
        self._released_s = time.monotonic()
        self._busy = threading.Lock()
        #: The clock by which samples are old; without one the caller's word is taken.
        self.clock: StationClock | None = None
        self._night_s = self._next_night_s()
        self._thread = SupervisedThread(
            "store-maintenance", self._maintain, every_s=_CHECK_EVERY_S, waits_first=True, overdue_after_s=_OVERDUE_S
        )
        self._thread.start()

    def close(self) -> None:
        """End the thread; a running compaction ends after its current piece."""
        self._thread.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Run the block without other long work on the file; raises RetryLater while there is some."""
        if not self._busy.acquire(blocking=False):
            raise RetryLater("The store is being compacted, backed up or exported already; wait until that is done.")
        try:
            yield
        finally:
            self._busy.release()

    def compact(
        self,
        now_ms: int,
        progress: Progress,
        free_share: float = _REQUESTED_FREE_SHARE,
        most_days: int | None = None,
    ) -> CompactionResult:
        """Delete what is due, at most `most_days`, sort closed days, rewrite the file where `free_share` of it is free.

        Nothing is deleted while the station's clock is in doubt. Writes wait for at most about a second at a time while
        days are sorted, and for the whole rewriting.
        """
        with self.exclusive():
            before = self._file.size_bytes()
            progress("deleting what is due", 0.0)
            expired, held_back = self._expire(now_ms, most_days)
            # Hours written to meanwhile belong to today, or wait for the next night.
            start_s = time.monotonic()
            while self._writer.roll_up(_MOST_HOURS, start_s):
                pass
            moved = self._sort(now_ms, progress)
            self._writer.checkpoint()
            self._shrink(free_share, progress)
            return CompactionResult(*expired, moved, before, self._file.size_bytes(), held_back)

    def due_ms(self, now_ms: int) -> int | None:
        """Return the time by which samples are due at `now_ms`, None without samples.

        At most a day after the newest sample: a time without data deletes nothing, nor does a clock that is ahead.
        """
        newest_ms = self._writer.newest_ms()
        return None if newest_ms is None else min(now_ms, newest_ms + DAY_MS)

    def _expire(self, now_ms: int, most_days: int | None) -> tuple[tuple[int, int, int], str]:
        """Delete what is due, day by day; return the numbers of days, samples and events, and why it ended early."""
        days = samples = events = 0
        if self._writer.retention() == Retention():
            return (0, 0, 0), ""
        while (due_ms := self.due_ms(now_ms)) is not None and (most_days is None or days < most_days):
            # Looked at before each day: the clock may be set meanwhile.
            if self.clock is not None and self.clock.look().in_doubt:
                return (days, samples, events), self.clock.sentence()
            expired = self._writer.expire_day(due_ms)
            if expired is None:
                break
            days, samples, events = days + expired.days, samples + expired.points, events + expired.events
        return (days, samples, events), ""

    def _sort(self, now_ms: int, progress: Progress) -> int:
        ranges = self._writer.run(lambda: find_unsorted(self._file.connection, now_ms))
        moved = 0
        for number, sort_span in enumerate(ranges):
            progress("sorting closed days", number / len(ranges))
            pieces = sort_range(self._file.connection, sort_span)
            while rows := self._writer.run_with_memory(partial(next, pieces, 0)):
                moved += rows
                self._thread.succeed()
                if self._thread.stopping.is_set():
                    raise RetryLater("The store is closed.")
        return moved

    def _shrink(self, free_share: float, progress: Progress) -> None:
        free, total = self._writer.run(lambda: count_free(self._file.connection))
        if free < max(_LEAST_FREE_BYTES, free_share * total):
            return
        needed, there = total - free, shutil.disk_usage(self._file.path.parent).free
        if there < needed * 1.2:
            _LOGGER.warning("the store has %d MB of free space inside: rewriting it needs more disk", free // 10**6)
        else:
            self._writer.rewrite(progress)

    # Everything below runs on the thread.

    def _maintain(self) -> None:
        """Examine the files' places, keep their parity, roll up what is quiet, free memory, and compact at night."""
        self._writer.examine()
        self._protect()
        self._roll_up()
        if time.monotonic() - self._released_s >= _RELEASE_EVERY_S and self._writer.run(self._file.release_cache):
            self._released_s = time.monotonic()
        self._cache.free_unused()
        if self._night_s is not None and _monotonic_s() >= self._night_s:
            self._night_s = self._next_night_s()
            done = self.compact(round(_now().timestamp() * 1000), no_progress, _NIGHTLY_FREE_SHARE, NIGHT_DAYS)
            _LOGGER.info("compacted the store: %s", done)

    def _next_night_s(self) -> float | None:
        """Return when the next night is on the monotonic clock: no jump of the other one makes it come sooner."""
        now = _now()
        night = next_compaction(self._compact_at_hour, now)
        return None if night is None else _monotonic_s() + (night - now).total_seconds()

    def _protect(self) -> None:
        """Bring the parity of the files up to date, with pauses."""
        start_s = time.monotonic()
        while not self._writer.protect() and not self._thread.stopping.wait(2 * (time.monotonic() - start_s)):
            self._thread.succeed()
            start_s = time.monotonic()

    def _roll_up(self) -> None:
        """Bring quiet hours up to date, in pieces of about `_SLICE_S`."""
        while not self._thread.stopping.is_set():
            self._thread.succeed()
            start_s = time.monotonic()
            if not self._writer.roll_up(self._most_hours, start_s - _QUIET_S):
                return
            spent_s = time.monotonic() - start_s
            self._most_hours = (
                min(2 * self._most_hours, _MOST_HOURS) if spent_s < _SLICE_S / 2 else max(1, self._most_hours // 2)
            )
            self._thread.stopping.wait(2 * spent_s)


def next_compaction(hour: int | None, now: datetime) -> datetime | None:
    """Return the next compaction after `now`, at `hour` of its clock; None without one."""
    if hour is None:
        return None
    night = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def _now() -> datetime:
    """Return the local time."""
    return datetime.now().astimezone()


def _monotonic_s() -> float:
    """Return the seconds by which the nights come."""
    return time.monotonic()
