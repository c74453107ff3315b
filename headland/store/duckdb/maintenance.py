"""What keeps a DuckDB file in order without being asked: rollups between commits, and every night a compaction."""

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

from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, RetryLater
from headland.store.duckdb.compaction import Progress, count_free, find_unsorted, keep_quiet, sort_stretch
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.writer import DuckDBWriter

_LOGGER = logging.getLogger(__name__)

#: An hour is rolled up once nothing was written to it for so long.
_QUIET_S: Final = 30.0
_LOOK_EVERY_S: Final = 5.0
#: The writer is kept from commits for about so long at a time, and left alone for twice as long.
_SLICE_S: Final = 0.2
_MOST_HOURS: Final = 96
#: A night gives holes back where they are most of the file; being asked does where it is worth while at all.
_NIGHTLY_FREE_SHARE: Final = 0.5
_ASKED_FREE_SHARE: Final = 0.05
_LEAST_FREE_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did; sizes are of the file and its log."""

    expired_days: int
    sorted_samples: int
    bytes_before: int
    bytes_after: int


class MaintenanceThread:
    """Owns the thread `store-keeper`, which asks the writer for one short piece of work after the other."""

    def __init__(self, file: DuckDBFile, writer: DuckDBWriter, compact_at_hour: int | None) -> None:
        self._file = file
        self._writer = writer
        self._compact_at_hour = compact_at_hour
        self._most_hours = 4
        self._busy = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a compaction under way ends after its current piece."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other long work on the file out of the block; raises RetryLater when there is some."""
        if not self._busy.acquire(blocking=False):
            raise RetryLater("The store is being compacted, backed up or exported already; wait until that is done.")
        try:
            yield
        finally:
            self._busy.release()

    def compact(self, now_ms: int, progress: Progress, free_share: float = _ASKED_FREE_SHARE) -> Compaction:
        """Let go what is due, sort closed days, and write the file anew where `free_share` of it is holes.

        Writes wait for at most about a second at a time while days are sorted, and for the whole of the rewriting.
        """
        with self.alone():
            before = self._file.size_bytes()
            progress("letting go of what is not kept any more", 0.0)
            days = 0
            while self._writer.expire_day(now_ms):
                days += 1
            # What is written to meanwhile is of today, or waits for the next night.
            start_s = time.monotonic()
            while self._writer.roll_up(_MOST_HOURS, start_s):
                pass
            moved = self._sort(now_ms, progress)
            self._writer.checkpoint()
            self._shrink(free_share, progress)
            return Compaction(days, moved, before, self._file.size_bytes())

    def _sort(self, now_ms: int, progress: Progress) -> int:
        stretches = self._writer.act(lambda: find_unsorted(self._file.connection, now_ms))
        moved = 0
        for number, stretch in enumerate(stretches):
            progress("sorting closed days", number / len(stretches))
            pieces = sort_stretch(self._file.connection, stretch)
            while rows := self._writer.act_with_memory(partial(next, pieces, 0)):
                moved += rows
                if self._stop.is_set():
                    raise RetryLater("The store is closed.")
        return moved

    def _shrink(self, free_share: float, progress: Progress) -> None:
        free, total = self._writer.act(lambda: count_free(self._file.connection))
        if free < max(_LEAST_FREE_BYTES, free_share * total):
            return
        needed, there = total - free, shutil.disk_usage(self._file.path.parent).free
        if there < needed * 1.2:
            _LOGGER.warning("the store keeps %d MB of holes: writing it anew needs more disk", free // 10**6)
        else:
            self._writer.act_with_memory(lambda: self._file.rewrite(progress))

    # Everything below runs on the thread.

    def _run(self) -> None:
        night = next_night(self._compact_at_hour, _now())
        while not self._stop.wait(_LOOK_EVERY_S):
            try:
                self._roll_up()
                if night is not None and _now() >= night:
                    night = next_night(self._compact_at_hour, _now())
                    done = self.compact(wall_clock_ms(), keep_quiet, _NIGHTLY_FREE_SHARE)
                    _LOGGER.info("compacted the store: %s", done)
            except HeadlandError as error:
                _LOGGER.warning("the store is not kept in order now: %s", error)
            except Exception:
                # Answers stay right without this thread, only slow; it must not end unseen.
                _LOGGER.exception("the store is not kept in order now")

    def _roll_up(self) -> None:
        """Bring quiet hours up to date, in pieces of about `_SLICE_S`."""
        while not self._stop.is_set():
            start_s = time.monotonic()
            if not self._writer.roll_up(self._most_hours, start_s - _QUIET_S):
                return
            spent_s = time.monotonic() - start_s
            self._most_hours = (
                min(2 * self._most_hours, _MOST_HOURS) if spent_s < _SLICE_S / 2 else max(1, self._most_hours // 2)
            )
            self._stop.wait(2 * spent_s)


def next_night(hour: int | None, now: datetime) -> datetime | None:
    """Return the next instant after `now` at which to compact, `hour` by its clock; None where that is never."""
    if hour is None:
        return None
    night = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def _now() -> datetime:
    """Return the local time."""
    return datetime.now().astimezone()
