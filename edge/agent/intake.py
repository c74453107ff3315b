"""Intake between the sources and the spool: a bounded queue, and the thread that batches and appends."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

from edge.pipeline.batcher import Batcher, Content
from edge.pipeline.settings import BatchSettings
from edge.sources.connection.reconnect import Backoff
from edge.sources.source import Reading, Readings
from edge.spool.identity.check_file import Unaccepted
from edge.spool.queue import Spool
from headland.contract.records import Descriptor, Event
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

#: Capacity of the queue: some seconds of a hundred vehicles. When it is full the sources wait.
QUEUE_READINGS: Final = 10_000
#: The most items that are taken from the queue at once.
_TAKEN: Final = 1000
#: Messages are appended in groups: so many, or those of so many seconds, but of at most a quarter of their age.
GROUP_RECORDS: Final = 50
GROUP_S: Final = 0.1
#: While a message is open rows join it without waking the thread, until so many wait or the message is due.
_JOINING_ROWS: Final = 64
#: A row has about so many points: a message that so many rows fill is not kept open by waiting for more.
_ROW_POINTS: Final = 8
#: Messages kept in memory while the spool refuses them; beyond that the oldest telemetry is lost, and counted.
_MOST_PENDING: Final = 500
#: How often a stopping gateway tries to write its pending messages to the disk.
_LAST_TRIES: Final = 3
#: Attempts to append a message at which the spool fails in a way that it should not.
_MOST_REFUSALS: Final = 8
_SPOOL_BACKOFF: Final = Backoff(0.5, 10.0, jitter=0.0)


_Item = Reading | Readings | Event


class _RowQueue(queue.Queue[_Item]):
    """A queue bounded by rows: a run counts as its rows, and enters whole where at least one fits.

    `is_pressing` is set by an event, and where `joining` rows wait.
    """

    def __init__(self, size: int, joining: int) -> None:
        self.is_pressing = threading.Event()
        self._joining = min(size, joining)
        super().__init__(size)

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._rows = 0

    def _qsize(self) -> int:
        return self._rows

    def _put(self, item: _Item) -> None:
        super()._put(item)
        self._rows += _weight(item)
        if (self._rows >= self._joining or isinstance(item, Event)) and not self.is_pressing.is_set():
            self.is_pressing.set()

    def _get(self) -> _Item:
        item = super()._get()
        self._rows -= _weight(item)
        return item

    def put_runs(self, runs: Sequence[Readings]) -> int:
        """Add runs as far as they fit, and wake the reader once; return how many fitted."""
        with self.mutex:
            added = 0
            while added < len(runs) and self._rows < self.maxsize:
                self._put(runs[added])
                added += 1
            if added:
                self.not_empty.notify()
        return added

    def take(self, most: int) -> list[_Item]:
        """Return the items that wait, `most` at the most, without waiting for one."""
        with self.mutex:
            items = [self._get() for _ in range(min(most, len(self.queue)))]
            if items:
                self.not_full.notify_all()
        return items

    def await_item(self, wait_s: float) -> None:
        """Return as soon as an item is there, or after `wait_s`."""
        with self.not_empty:
            if not self.queue:
                self.not_empty.wait(wait_s)


def _error_wait_s(failures: int) -> float:
    """Return how long the thread pauses after errors: sources must not wait long for a fault of others' readings."""
    return min(1.0, 0.01 * 2.0 ** min(failures, 10))


def _weight(item: _Item) -> int:
    return max(1, len(item)) if isinstance(item, Readings) else 1


class Intake:
    """A `Sink` for all sources; owns the thread `batch`. While its queue is full the source waits."""

    def __init__(
        self,
        settings: BatchSettings,
        spool: Spool,
        describe: Callable[[Descriptor], None],
        wake: Callable[[], None],
        *,
        size: int = QUEUE_READINGS,
    ) -> None:
        self._taken: deque[_Item] = deque()
        self._queue = _RowQueue(size, max(1, min(_JOINING_ROWS, settings.max_points // _ROW_POINTS)))
        self._settings = settings
        self._is_followed = False
        self._batcher = Batcher(settings.max_points, settings.max_age_s)
        self._spool = spool
        self._describe = describe
        self._wake = wake
        self._pending: deque[Content] = deque()
        self._pending_since_s = 0.0
        self._group_records = GROUP_RECORDS
        self._refusals = 0
        self._retry_s = 0.0
        self._lost = Unaccepted()  # and not reported yet
        self._waits_lock = threading.Lock()
        self._counters = dict.fromkeys(("waits", "lost_messages", "lost_points", "lost_events", "errors"), 0)
        self._ending = threading.Event()
        self._thread = SupervisedThread("batch", self._work, retry_wait_s=_error_wait_s, finish=self._finish)

    def reading(self, reading: Reading) -> None:
        """Queue a row; waits while the queue is full."""
        self._put(reading)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Queue rows by column; waits while the queue is full."""
        for run in runs[self._queue.put_runs(runs) :]:
            self._put(run)

    def event(self, event: Event) -> None:
        """Queue an event; waits while the queue is full."""
        self._put(event)

    def describe(self, descriptor: Descriptor) -> None:
        """Pass a descriptor on without the queue: the newest of a device replaces the last."""
        self._describe(descriptor)

    def follow(self, is_followed: bool) -> None:
        """Gather for as long as values may take that somebody follows, or that nobody does."""
        self._is_followed = is_followed
        self._queue.is_pressing.set()  # the open message may be due by now

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, wait_s: float = 3.0) -> None:
        """Append everything that is queued and end the thread; call it when no source runs any more."""
        self._ending.set()
        self._thread.join(wait_s)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of accepted, refused and lost rows and messages, by name."""
        return {**self._batcher.counters(), **self._counters, "queued": self._queue.qsize() + len(self._taken)}

    def _put(self, item: _Item) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            with self._waits_lock:
                self._counters["waits"] += 1
            self._queue.put(item)

    def _work(self) -> None:
        """Batch and append what is queued; one bad reading must not end all others."""
        is_ending = self._ending.is_set()
        try:
            self._gather()
            self._append(time.monotonic(), everything=is_ending)
        except BaseException:
            self._counters["errors"] += 1
            raise
        finally:
            if is_ending and not self._taken and self._queue.empty():
                self._thread.stopping.set()

    def _gather(self) -> None:
        """Batch the queued items; wait for one only while nothing else is due."""
        self._batcher.max_age_s = self._settings.age_s(is_followed=self._is_followed)
        if not self._take():
            self._await_items()
        for _ in range(QUEUE_READINGS):
            if self._batcher.closed >= GROUP_RECORDS or not self._take():
                break
            item, now_s = self._taken.popleft(), time.monotonic()
            if isinstance(item, Readings):
                self._batcher.add_run(item, now_s)
            elif isinstance(item, Event):
                self._batcher.add_event(item, now_s)
            else:
                self._batcher.add(item, now_s)
        now_s = time.monotonic()
        is_old = self._batcher.wait_s(now_s) == 0.0
        if self._batcher.due(now_s):
            if not self._pending:  # no other message follows one that its age has closed
                self._pending_since_s = now_s - self._group_s if is_old else now_s
            self._pending.extend(self._batcher.take())
            if self._refusals:
                self._lose_beyond(_MOST_PENDING)
                self._note_unaccepted()

    def _take(self) -> bool:
        """Take items where none is left of those that were taken; return whether there are any."""
        if not self._taken:
            self._taken.extend(self._queue.take(_TAKEN))
        return bool(self._taken)

    def _await_items(self) -> None:
        """Wait for an item, or while a message is open for many, as long as nothing else is due."""
        now_s = time.monotonic()
        if self._batcher.wait_s(now_s) is None:
            self._queue.await_item(self._idle_s(now_s))
        else:
            self._queue.is_pressing.wait(self._idle_s(now_s))
        self._queue.is_pressing.clear()  # before items are taken: what comes then sets it again

    @property
    def _group_s(self) -> float:
        return min(GROUP_S, self._batcher.max_age_s / 4)

    def _idle_s(self, now_s: float) -> float:
        waits = [0.25]
        open_s = self._batcher.wait_s(now_s)
        if open_s is not None:
            waits.append(open_s)
        if self._pending:
            waits.append(max(self._pending_since_s + self._group_s, self._retry_s) - now_s)
        return 0.02 if self._ending.is_set() else max(0.001, min(waits))

    def _append(self, now_s: float, *, everything: bool) -> None:
        """Append pending messages in groups, when a group is full or has waited long enough."""
        while self._pending and (now_s >= self._retry_s or everything):
            is_due = now_s - self._pending_since_s >= self._group_s
            is_isolating = self._group_records == 1
            if len(self._pending) < GROUP_RECORDS and not (is_due or everything or is_isolating):
                return
            group = list(islice(self._pending, self._group_records))
            try:
                is_appended = self._spool.append(group)
            except (OverflowError, TypeError, ValueError, RecursionError) as error:  # what JSON does not have
                self._isolate(group, error)
                continue
            except Exception as error:  # perhaps of the disk: the message is tried again before it is lost
                self._refusals += 1
                if len(group) > 1 or self._refusals > _MOST_REFUSALS:
                    self._isolate(group, error)
                    continue
                self._retry_s = now_s + _SPOOL_BACKOFF.wait_s(self._refusals, 0.0)
                return
            if not is_appended:
                self._refusals += 1
                self._retry_s = now_s + _SPOOL_BACKOFF.wait_s(self._refusals, 0.0)
                self._note_unaccepted()
                return
            if self._refusals or self._lost != Unaccepted():
                self._note_accepted()
            self._retry_s = 0.0
            self._pending_since_s = now_s
            for _ in group:
                self._pending.popleft()
            self._wake()

    def _note_unaccepted(self) -> None:
        """Note with the spool what would be lost with this process, and what is lost already."""
        held = Unaccepted(
            len(self._pending),
            sum(content.points for content in self._pending),
            sum(len(content.events) for content in self._pending),
        )
        self._spool.note_unaccepted(self._lost + held)

    def _note_accepted(self) -> None:
        """Report what was lost while the spool accepted nothing, now that it does again."""
        self._refusals = 0
        if self._spool.report_lost(self._lost):
            self._lost = Unaccepted()
            self._spool.note_unaccepted(self._lost)

    def _isolate(self, group: list[Content], error: Exception) -> None:
        """Find the message that cannot be encoded by appending one at a time; it is lost."""
        if len(group) > 1:
            self._group_records = 1
            return
        self._group_records = GROUP_RECORDS
        self._counters["errors"] += 1
        _LOGGER.error("a message cannot be encoded and is lost: %s", error)
        self._pending.popleft()
        self._count_lost(group[0])

    def _lose_beyond(self, most: int) -> None:
        """Discard the oldest telemetry, and events only where there is nothing else, until `most` messages remain."""
        while len(self._pending) > most:
            index = next((at for at, content in enumerate(self._pending) if not content.events), 0)
            lost = self._pending[index]
            del self._pending[index]
            self._count_lost(lost)
            self._lost += Unaccepted(1, lost.points, len(lost.events))

    def _count_lost(self, lost: Content) -> None:
        self._counters["lost_messages"] += 1
        self._counters["lost_points"] += lost.points
        self._counters["lost_events"] += len(lost.events)

    def _finish(self) -> None:
        self._batcher.close()
        self._pending.extend(self._batcher.take())
        for _ in range(_LAST_TRIES):
            self._append(time.monotonic(), everything=True)
        if self._pending:
            _LOGGER.error("%d messages are lost: the spool refused them", len(self._pending))
        self._lose_beyond(0)
        self._note_unaccepted()
