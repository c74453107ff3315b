"""A `Store` on a database server: what InfluxDB and VictoriaMetrics have in common, the picture in memory above all.

Samples are written first, then what the store itself knows of them (conflicts, events), the marks last. A crash in
between leaves samples without their mark: the gateway sends the message again, and each sample of it is found stored.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from headland.errors import RetryLater, SettingsError
from headland.store.core.batch_rows import Rows, count_results, join_batches
from headland.store.core.dedup import Verdict, judge
from headland.store.core.selection import check_points, check_step, clamp_ms, order_of
from headland.store.core.series import NEVER_MS
from headland.store.core.state import Change, StoreState, advance_marks, apply_change
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    MarkState,
    Rejection,
    Samples,
    SeriesFilter,
    SeriesKey,
    StoreInfo,
    WriteBatch,
    WriteResult,
)
from headland.store.server.batch import find_conflicts, make_rejection, set_aside_unfit
from headland.store.server.frontier import load_frontier
from headland.store.server.ports import Extent, Ledger, LedgerPicture, LoginRefused, NewConflict, Refusals, SampleServer
from headland.units_of_time import DAY_MS

_LOGGER = logging.getLogger(__name__)

#: What another process wrote to the same server is seen after so long at the latest; a series that begins with samples
#: older than those of the last day, after the longer time.
_REFRESH_S: Final = 5.0
_RELOAD_S: Final = 600.0


class ServerStore:
    """A `Store` made of a server for samples and a ledger for everything else.

    One process writes a series; others may read it, and see what it wrote within some seconds. Opening does not fail
    while the server is away: calls raise RetryLater until it is there. It raises SettingsError for a refused login.
    """

    def __init__(self, engine: str, samples: SampleServer, ledger: Ledger, *, refresh_s: float = _REFRESH_S) -> None:
        self._engine = engine
        self._samples = samples
        self._ledger = ledger
        self._refresh_s = refresh_s
        self._state = StoreState()
        self._is_open = False
        self._is_closed = False
        #: What the server holds is not known: nothing was read yet, or a write failed half way.
        self._is_unsure = True
        self._touched_s = 0.0
        self._loaded_s = 0.0
        self._counters = {"transactions": 0, "failed_transactions": 0, "duplicates": 0, "rejected": 0, "reloads": 0}
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        try:
            self._bring_up_to_date()
        except LoginRefused as error:
            raise SettingsError(str(error)) from error
        except RetryLater as error:
            _LOGGER.warning("%s It is tried again at each call.", error)

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch, then its marks; returns when the server has both for good.

        Where it raises RetryLater some samples of the batch may be stored already: they are duplicates the next time.
        """
        check_points(batch.points)
        with self._changing():
            change, rejections = self._commit(batch, wall_clock_ms())
            with self._lock:
                apply_change(self._state, change)
                self._counters["transactions"] += 1
                self._counters["duplicates"] += change.results[0].duplicate
                self._counters["rejected"] += len(rejections)
        counts = change.results[0]
        return WriteResult(
            counts.accepted, counts.duplicate, counts.conflicting, rejected=len(rejections), rejections=rejections
        )

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return what is accounted for by (gateway, epoch)."""
        with self._picture() as state:
            return dict(state.marks)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor) -> None:
        """Keep a device's descriptor; one that says nothing new costs nothing."""
        with self._picture() as state:
            before = state.devices.get((organisation, descriptor.device))
        if before is not None and before[1].simulated:
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        if before != (gateway, descriptor):
            with self._changing():
                self._ledger.put_device(organisation, gateway, descriptor)
                with self._lock:
                    self._state.devices[organisation, descriptor.device] = (gateway, descriptor)

    def organisations(self) -> list[str]:
        """Return the organisations of which the store holds anything but marks."""
        with self._picture() as state:
            named = state.organisations()
        return sorted(named | self._ledger.event_organisations())

    def devices(self, organisation: str) -> list[DeviceRecord]:
        """Return the devices of an organisation by id."""
        with self._picture() as state:
            return state.list_devices(organisation)

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        return self._keys(which)

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        with self._picture() as state:
            return state.latest(which)

    def raw(self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        keys = self._keys(which)
        if not keys or start_ms >= end_ms or (limit is not None and limit < 1):
            return []
        found = self._samples.raw(keys, clamp_ms(start_ms), clamp_ms(end_ms), limit)
        return sorted(found, key=lambda samples: order_of(samples.key))

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates over [start_ms + k step, start_ms + (k + 1) step)."""
        check_step(step_ms)
        keys = self._keys(which)
        if not keys or start_ms >= end_ms:
            return []
        found = self._samples.buckets(keys, clamp_ms(start_ms), clamp_ms(end_ms), clamp_ms(step_ms), max_quality)
        return sorted(found, key=lambda buckets: order_of(buckets.key))

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        self._bring_up_to_date()
        if start_ms >= end_ms or limit < 1:
            return []
        return self._ledger.events(organisation, clamp_ms(start_ms), clamp_ms(end_ms), device, limit)

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        self._bring_up_to_date()
        if start_ms >= end_ms or limit < 1:
            return []
        found = self._ledger.conflicts(organisation, clamp_ms(start_ms), clamp_ms(end_ms), device)
        found.sort(key=lambda one: (one.time_ms, order_of(one.key), one.value))
        return self._with_stored(found[:limit])

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples and events before `cut_ms`; return how many samples."""
        cut_ms = clamp_ms(cut_ms)
        with self._changing():
            keys = self._keys(SeriesFilter(organisation))
            deleted = self._samples.delete_before(keys, cut_ms) if keys else 0
            self._ledger.delete_before(organisation, cut_ms)
            self._load()
        return deleted

    def info(self) -> StoreInfo:
        """Return counts, all kept in memory."""
        with self._picture() as state:
            counters = {**self._counters, "conflicts": state.conflicts, "events": state.events}
            return StoreInfo(self._engine, state.points, state.frontier.count_filled(), None, counters)

    def close(self) -> None:
        """Finish the write under way and let the connections go; a second call does nothing."""
        with self._writing:
            if not self._is_closed:
                self._is_closed = True
                self._samples.close()
                self._ledger.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let one thread change the server; what that holds is read again where the block failed."""
        with self._writing:
            self._bring_up_to_date()
            try:
                yield
            except BaseException:
                self._is_unsure = True
                self._counters["failed_transactions"] += 1
                raise
            self._touched_s = time.monotonic()

    @contextmanager
    def _picture(self) -> Iterator[StoreState]:
        """Lend the picture in memory, unchanging meanwhile: keep the block short."""
        self._bring_up_to_date()
        with self._lock:
            yield self._state

    def _keys(self, which: SeriesFilter) -> list[SeriesKey]:
        with self._picture() as state:
            return [key for _, key in state.select(which)]

    def _bring_up_to_date(self) -> None:
        """Read what the server holds when that is not known, or when nobody here has written for a while."""
        if self._is_closed:
            raise RetryLater("The store is closed.")
        if not self._is_unsure and time.monotonic() - self._touched_s < self._refresh_s:
            return
        with self._writing:
            if not self._is_open:
                self._samples.open()
                self._ledger.open()
                self._is_open = True
            if self._is_unsure or time.monotonic() - self._loaded_s >= _RELOAD_S:
                self._load()
            elif time.monotonic() - self._touched_s >= self._refresh_s:
                self._refresh()

    def _load(self) -> None:
        """Read everything that is kept in memory."""
        state = StoreState()
        extents = self._samples.extents()
        self._take(state, self._ledger.load(), extents)
        state.points = sum(extent.points for extent in extents)
        with self._lock:
            self._state = state
            self._counters["reloads"] += 1
        self._is_unsure = False
        self._touched_s = self._loaded_s = time.monotonic()

    def _refresh(self) -> None:
        """Read what may have become of the server since it was last looked at; the count of points waits."""
        state = self._state
        newest_ms = int(state.frontier.latest_ms.max(initial=NEVER_MS))
        extents = self._samples.extents(max(newest_ms, 0) - DAY_MS)
        held = self._ledger.load()
        with self._lock:
            self._take(state, held, extents)
        self._touched_s = time.monotonic()

    def _take(self, state: StoreState, held: LedgerPicture, extents: Sequence[Extent]) -> None:
        state.catalog.add([extent.latest.key for extent in extents if state.catalog.find(extent.latest.key) is None])
        state.frontier.grow(len(state.catalog))
        for extent in extents:
            key = extent.latest.key
            sid = state.catalog.find(key)
            if sid is not None:
                load_frontier(state, self._samples, sid, extent.latest, held.never_latest.get(key, []))
        state.marks, state.devices = held.marks, held.devices
        state.events, state.conflicts = held.events, held.conflicts

    def _commit(self, batch: WriteBatch, now_ms: int) -> tuple[Change, tuple[Rejection, ...]]:
        state = self._state
        batch, unfit = set_aside_unfit(batch, self._samples)
        rows, new_series = join_batches(state.catalog, [batch])
        keys = [*(state.catalog.key(sid) for sid in range(len(state.catalog))), *new_series]
        verdict = judge(
            rows.sid,
            rows.time_ms,
            rows.value,
            state.frontier.surely_new(rows.sid, rows.time_ms),
            lambda sid, time_ms: self._samples.look_up(keys, sid, time_ms),
        )
        ahead = np.flatnonzero(verdict.accepted & ~rows.may_be_latest)
        if len(ahead):
            # Before the samples: a mark of this kind without its sample does no harm.
            self._ledger.add_never_latest([(keys[rows.sid[at]], int(rows.time_ms[at])) for at in ahead])
        refused = self._put(keys, rows, verdict.accepted)
        accepted = verdict.accepted.copy()
        accepted[list(refused)] = False
        seen_ms = now_ms if batch.seen_ms is None else batch.seen_ms
        conflicts = self._ledger.add_conflicts(find_conflicts(keys, rows, verdict.conflicting, seen_ms))
        events = self._ledger.add_events(batch.events) if batch.events else 0
        marks = advance_marks(state.marks, [batch])
        if marks:
            self._ledger.put_marks(marks)
        results = count_results(rows, Verdict(accepted, verdict.conflicting), 1)
        rejections = (*unfit, *(make_rejection(keys, rows, at, why) for at, why in refused.items()))
        if refused:
            results = [WriteResult(results[0].accepted, results[0].duplicate - len(refused), results[0].conflicting)]
        return Change(results, new_series, rows, accepted, marks, events, conflicts), rejections

    def _put(self, keys: list[SeriesKey], rows: Rows, accepted: NDArray[np.bool_]) -> Refusals:
        at = np.flatnonzero(accepted)
        if not len(at):
            return {}
        chosen = Rows(*(getattr(rows, name)[at] for name in Rows.__slots__))
        return {int(at[position]): why for position, why in self._samples.put(keys, chosen).items()}

    def _with_stored(self, found: list[NewConflict]) -> list[Conflict]:
        """Return conflicts with the values that stayed; one whose sample is gone says nothing any more."""
        instants = list(dict.fromkeys((one.key, one.time_ms) for one in found))
        if not instants:
            return []
        number = {key: sid for sid, key in enumerate(dict.fromkeys(key for key, _ in instants))}
        sid = np.array([number[key] for key, _ in instants], np.int32)
        time_ms = np.array([time_ms for _, time_ms in instants], np.int64)
        positions, values = self._samples.look_up(list(number), sid, time_ms)
        stored = {instants[at]: value for at, value in zip(positions.tolist(), values.tolist(), strict=True)}
        return [
            Conflict(one.key, one.time_ms, stored[one.key, one.time_ms], one.value, one.quality, one.seen_ms)
            for one in found
            if (one.key, one.time_ms) in stored
        ]
