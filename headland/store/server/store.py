"""Store on a database server: samples and metadata on the server, and their state in memory.

The order of writes makes a batch exactly once without a transaction: never-latest marks, samples, conflicts, events,
and the marks of the records last. A crash in between leaves samples without their mark: the gateway sends the message
again, and each of its samples is a duplicate.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater, SettingsError
from headland.files.damage_notes import DamageKind, FileDamage, open_sentences
from headland.runtime.cancellation import check_cancelled
from headland.store.core.batch_rows import Rows, count_results, join_batches, note_refused
from headland.store.core.dedup import DedupResult, deduplicate
from headland.store.core.rollup import floor_ms
from headland.store.core.selection import check_points, check_step, clamp_ms, order_of
from headland.store.core.series import NEVER_MS
from headland.store.core.state import StateChange, StoreState, advance_marks, apply_change, expire_books
from headland.store.number_sets import count
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    Mark,
    MarkState,
    Rejection,
    Samples,
    SeriesFilter,
    SeriesKey,
    StoreInfo,
    WriteBatch,
    WriteResult,
)
from headland.store.record_book import is_server_lost
from headland.store.server.batch import find_conflicts, make_rejection, pair_with_stored, reject_unstorable
from headland.store.server.frontier import load_frontier
from headland.store.server.ports import (
    Extent,
    LoginRefused,
    MetadataServer,
    MetadataSnapshot,
    RejectionReasons,
    SampleServer,
    SourceNumbers,
)
from headland.units_of_time import DAY_MS

_LOGGER = logging.getLogger(__name__)

#: Longest time until writes of another process are visible; for a new series whose samples are all older than a day,
#: the second time.
_REFRESH_S: Final = 5.0
_RELOAD_S: Final = 600.0
#: How often it is looked whether the server still has what was written, and how far back from the last write.
_LOOK_EVERY_S: Final = 20.0
_LOOK_BACK_MS: Final = 60_000
#: Spools that a sentence names.
_NAMED: Final = 5


class ServerStore:
    """A `Store` made of a server for samples and a server for metadata.

    One process writes a series; others may read it and see its writes within some seconds. Opening succeeds while the
    server is away: calls raise RetryLater until it is available. Raises SettingsError for a refused login.
    """

    def __init__(
        self, engine: str, samples: SampleServer, metadata: MetadataServer, *, refresh_s: float = _REFRESH_S
    ) -> None:
        self._engine = engine
        self._samples = samples
        self._metadata = metadata
        self._refresh_s = refresh_s
        self._state = StoreState()
        self._is_open = False
        self._is_closed = False
        #: The state is unknown: nothing was read yet, or a write failed half way.
        self._is_stale = True
        self._current_s = 0.0
        self._loaded_s = 0.0
        self._looked_s = 0.0
        self._damage: tuple[FileDamage, ...] = ()
        self._counters = {"transactions": 0, "failed_transactions": 0, "duplicates": 0, "rejected": 0, "reloads": 0}
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        try:
            self._update_state()
        except LoginRefused as error:
            raise SettingsError(str(error)) from error
        except RetryLater as error:
            _LOGGER.warning("%s It is tried again at each call.", error)

    def tell_time_by(self, now_ms: Callable[[], int]) -> None:
        """Refuse samples as older than the server keeps them by this clock from now on."""
        self._samples.now_ms = now_ms

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch, then its marks; returns when the server has both for good.

        Where it raises RetryLater some samples of the batch may be stored already: they are duplicates on the next try.
        """
        check_points(batch.points)
        with self._changing():
            change, rejections, refused = self._commit(batch, wall_clock_ms())
            with self._lock:
                apply_change(self._state, change)
                self._counters["transactions"] += 1
                self._counters["duplicates"] += change.results[0].duplicate
                self._counters["rejected"] += len(rejections)
        return replace(change.results[0], rejected=len(rejections), rejections=rejections, refused=refused)

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the accounted records by (gateway, epoch); a retention of the server expires them by whole days."""
        with self._locked_state() as state:
            marks = dict(state.marks)
        return marks | expire_books(marks, floor_ms(max(0, self._samples.limits_ms()[0]), DAY_MS))

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor; an unchanged one costs nothing."""
        with self._locked_state() as state:
            before = state.devices.get((organisation, descriptor.device))
        if before is not None and before[1].simulated and not unmark:
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        if before != (gateway, descriptor):
            with self._changing():
                self._metadata.put_device(organisation, gateway, descriptor)
                with self._lock:
                    self._state.devices[organisation, descriptor.device] = (gateway, descriptor)

    def organisations(self) -> list[str]:
        """Return the organisations with anything but marks."""
        with self._locked_state() as state:
            named = state.organisations()
        return sorted(named | self._metadata.event_organisations())

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of an organisation by id, or the one that is named."""
        with self._locked_state() as state:
            return state.list_devices(organisation, device)

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        return self._keys(which)

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        with self._locked_state() as state:
            return state.latest(which)

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        check_cancelled()
        keys = self._keys(which)
        if not keys or start_ms >= end_ms or (limit is not None and limit < 1):
            return []
        if newest and limit is not None:
            with self._locked_state() as state:
                latest_ms = {key: int(state.frontier.latest_ms[sid]) for sid, key in state.select(which)}
            samples = self._samples.newest_of(latest_ms, clamp_ms(start_ms), clamp_ms(end_ms), limit)
        else:
            samples = self._samples.raw(keys, clamp_ms(start_ms), clamp_ms(end_ms), limit)
        return sorted(samples, key=lambda series: order_of(series.key))

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates over [start_ms + k step, start_ms + (k + 1) step)."""
        check_cancelled()
        check_step(step_ms)
        keys = self._keys(which)
        if not keys or start_ms >= end_ms:
            return []
        buckets = self._samples.buckets(keys, clamp_ms(start_ms), clamp_ms(end_ms), clamp_ms(step_ms), max_quality)
        return sorted(buckets, key=lambda series: order_of(series.key))

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        check_cancelled()
        self._update_state()
        if start_ms >= end_ms or limit < 1:
            return []
        return self._metadata.events(organisation, clamp_ms(start_ms), clamp_ms(end_ms), device, limit)

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        self._update_state()
        if start_ms >= end_ms or limit < 1:
            return []
        conflicts = self._metadata.conflicts(organisation, clamp_ms(start_ms), clamp_ms(end_ms), device)
        conflicts.sort(key=lambda conflict: (conflict.time_ms, order_of(conflict.key), conflict.value))
        return pair_with_stored(conflicts[:limit], self._samples)

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples and events before `cut_ms`; return how many samples."""
        cut_ms = clamp_ms(cut_ms)
        with self._changing():
            keys = self._keys(SeriesFilter(organisation))
            deleted = self._samples.delete_before(keys, cut_ms) if keys else 0
            self._metadata.delete_before(organisation, cut_ms)
            self._metadata.put_marks(expire_books(self._state.marks_of(organisation), cut_ms, cut_ms), {})
            self._load()
        return deleted

    def info(self) -> StoreInfo:
        """Return counts, all from memory."""
        with self._locked_state() as state:
            counters = {**self._counters, "conflicts": state.conflicts, "events": state.events}
            points, series, damage = state.points, state.frontier.count_filled(), self._damage
        # What the server lost is known by record, so that it is no part of the losses that may be anybody's.
        return StoreInfo(self._engine, points, series, None, counters, damage=open_sentences(list(damage)))

    def damage(self) -> list[FileDamage]:
        """Return the losses of the server, oldest first."""
        with self._locked_state():
            return list(self._damage)

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all losses of the server; return those that were not acknowledged before."""
        with self._changing():
            known = self._metadata.acknowledge_damage(now_ms, by)
            self._damage = tuple(self._metadata.damage())
        return known

    def close(self) -> None:
        """Finish the write in progress and close the connections; a second call does nothing."""
        with self._writing:
            if not self._is_closed:
                self._is_closed = True
                self._samples.close()
                self._metadata.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let one thread change the server; the state is read again after a block that failed."""
        with self._writing:
            self._update_state()
            try:
                yield
            except BaseException:
                self._is_stale = True
                self._counters["failed_transactions"] += 1
                raise
            self._current_s = time.monotonic()

    @contextmanager
    def _locked_state(self) -> Iterator[StoreState]:
        """Lock the state in memory for the block: keep it short."""
        self._update_state()
        with self._lock:
            yield self._state

    def _keys(self, which: SeriesFilter) -> list[SeriesKey]:
        with self._locked_state() as state:
            return [key for _, key in state.select(which)]

    def _update_state(self) -> None:
        """Read the state from the server where it is unknown or nothing was written here for a while."""
        if self._is_closed:
            raise RetryLater("The store is closed.")
        now_s = time.monotonic()
        is_look_due = now_s - self._looked_s >= _LOOK_EVERY_S
        if not (self._is_stale or is_look_due) and now_s - self._current_s < self._refresh_s:
            return
        with self._writing:
            if not self._is_open:
                self._samples.open()
                self._metadata.open()
                self._is_open = True
                self._look_for_loss(thoroughly=True)
            elif is_look_due:
                self._look_for_loss(thoroughly=False)
            if self._is_stale or time.monotonic() - self._loaded_s >= _RELOAD_S:
                self._load()
            elif time.monotonic() - self._current_s >= self._refresh_s:
                self._refresh()

    def _load(self) -> None:
        """Read the whole state."""
        state = StoreState()
        extents = self._samples.extents()
        self._merge(state, self._metadata.load(), extents)
        state.points = sum(extent.points for extent in extents)
        damage = tuple(self._metadata.damage())
        with self._lock:
            self._state, self._damage = state, damage
            self._counters["reloads"] += 1
        self._is_stale = False
        self._current_s = self._loaded_s = time.monotonic()

    def _refresh(self) -> None:
        """Read the changes since the last update, except for the count of points."""
        state = self._state
        newest_ms = int(state.frontier.latest_ms.max(initial=NEVER_MS))
        extents = self._samples.extents(max(newest_ms, 0) - DAY_MS)
        metadata = self._metadata.load()
        with self._lock:
            self._merge(state, metadata, extents)
        self._current_s = time.monotonic()

    def _merge(self, state: StoreState, metadata: MetadataSnapshot, extents: Sequence[Extent]) -> None:
        state.catalog.add([extent.latest.key for extent in extents if state.catalog.find(extent.latest.key) is None])
        state.frontier.grow(len(state.catalog))
        for extent in extents:
            key = extent.latest.key
            sid = state.catalog.find(key)
            if sid is not None:
                load_frontier(state, self._samples, sid, extent.latest, metadata.never_latest.get(key, []))
        state.marks, state.devices = metadata.marks, metadata.devices
        state.events, state.conflicts = metadata.events, metadata.conflicts

    def _commit(self, batch: WriteBatch, now_ms: int) -> tuple[StateChange, tuple[Rejection, ...], tuple[Mark, ...]]:
        state = self._state
        batch, unstorable, refused = reject_unstorable(batch, self._samples)
        rows, new_series = join_batches(state.catalog, [batch])
        keys = [*(state.catalog.key(sid) for sid in range(len(state.catalog))), *new_series]
        dedup = deduplicate(
            rows.sid,
            rows.time_ms,
            rows.value,
            state.frontier.surely_new(rows.sid, rows.time_ms),
            lambda sid, time_ms: self._samples.look_up(keys, sid, time_ms),
        )
        ahead = np.flatnonzero(dedup.accepted & ~rows.may_be_latest)
        if len(ahead):
            # Before the samples: such a mark without its sample is harmless.
            self._metadata.add_never_latest([(keys[rows.sid[at]], int(rows.time_ms[at])) for at in ahead])
        planned, _ = advance_marks(state.marks, [batch])
        numbers = {source: count(mark.accounted) for source, mark in planned.items()}
        rejected = self._put(keys, rows, dedup.accepted, numbers)
        accepted = dedup.accepted.copy()
        accepted[list(rejected)] = False
        seen_ms = now_ms if batch.seen_ms is None else batch.seen_ms
        conflicts = self._metadata.add_conflicts(find_conflicts(keys, rows, dedup.conflicting, seen_ms))
        events = self._metadata.add_events(batch.events) if batch.events else 0
        if rejected:
            kept = np.ones(len(batch.points), np.bool_)
            kept[list(rejected)] = False
            noted, of_server = note_refused(batch, batch.points.choose(kept))
            refused = (*refused, *of_server)
        else:
            noted = batch
        marks, _ = advance_marks(state.marks, [noted])
        if marks:
            self._metadata.put_marks(marks, numbers)
        results = count_results(rows, DedupResult(accepted, dedup.conflicting), [batch])
        rejections = (*unstorable, *(make_rejection(keys, rows, at, reason) for at, reason in rejected.items()))
        if rejected:
            results = [replace(results[0], duplicate=results[0].duplicate - len(rejected))]
        return StateChange(results, new_series, rows, accepted, marks, events, conflicts), rejections, refused

    def _put(
        self, keys: list[SeriesKey], rows: Rows, accepted: NDArray[np.bool_], numbers: SourceNumbers
    ) -> RejectionReasons:
        at = np.flatnonzero(accepted)
        if not (len(at) or numbers):
            return {}
        reasons = self._samples.put(keys, rows.take(at), numbers)
        return {int(at[position]): reason for position, reason in reasons.items()}

    def _look_for_loss(self, *, thoroughly: bool) -> None:
        """Compare what is beside the samples with the metadata: a server that was emptied or restored has less.

        Otherwise only the source that was written last is compared, which is quick and enough to notice it.
        """
        self._looked_s = time.monotonic()
        self._damage = tuple(self._metadata.damage())
        written = self._metadata.written()
        if not written:
            if not self._is_stale:
                self._compare_marks()
            return
        newest = max(written, key=lambda source: written[source].time_ms)
        if not thoroughly:
            found = self._samples.numbers(newest, written[newest].time_ms - _LOOK_BACK_MS)
            if found is None or found.get(newest, 0) >= written[newest].number:
                return
        found = self._samples.numbers()
        if found is None:
            return
        # What the server's own retention deletes is no loss.
        since_ms = self._samples.limits_ms()[0] + DAY_MS
        less = {
            source: found.get(source, 0)
            for source, (number, time_ms) in written.items()
            if found.get(source, 0) < number and time_ms > since_ms
        }
        if less:
            self._note_loss(less)

    def _note_loss(self, less: SourceNumbers) -> None:
        """Note that the server has so few records of some sources: what it had beyond is lost."""
        before = self._metadata.load().marks
        after = {}
        for source, number in less.items():
            state = before.get(source, MarkState())
            # Where records lay ahead of others, the number does not tell which of them are there.
            after[source] = replace(state, book=state.book.lose_after(min(number, state.high_water)))
        lost = {
            source: state.book.count(is_server_lost) - before.get(source, MarkState()).book.count(is_server_lost)
            for source, state in after.items()
        }
        self._say_loss(lost, is_emptied=not any(less.values()))
        self._metadata.put_marks(after, less)

    def _compare_marks(self) -> None:
        """Compare the marks of a server that has them beside the samples with those that this process has written."""
        now = self._metadata.load().marks
        lost = {
            source: count(state.accounted) - count(now.get(source, MarkState()).accounted)
            for source, state in self._state.marks.items()
        }
        if any(records > 0 for records in lost.values()):
            self._say_loss(lost, is_emptied=not now)

    def _say_loss(self, lost: SourceNumbers, *, is_emptied: bool) -> None:
        """Note what a server lost, and read the state again."""
        named = sorted((source for source in lost if lost[source] > 0), key=lambda source: -lost[source])
        records = ", ".join(f"{lost[source]:,} of {source[0]} ({source[1]})" for source in named[:_NAMED])
        more = f" and of {len(named) - _NAMED} more spools" if len(named) > _NAMED else ""
        sentence = (
            f"The server of the store has less than was written to it: it was emptied, or restored from an older "
            f"backup. Records without samples now: {records or 'none'}{more}; delivery counts them as lost. Put back a "
            "newer backup of the server's folder if there is one."
        )
        _LOGGER.error("%s", sentence)
        now_ms = wall_clock_ms()
        kind: DamageKind = "deleted" if is_emptied else "replaced"
        self._metadata.add_damage(FileDamage(kind=kind, found_ms=now_ms, sentence=sentence))
        self._is_stale = True
