"""DuckDB engine: one embedded file, one writer thread, a cursor for each concurrent reader."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec

from headland.clock.station_clock.station_clock import StationClock
from headland.contract.records import Descriptor, Event
from headland.files.damage_notes import FileDamage, acknowledge_notes, load_notes
from headland.runtime.supervised_thread import ThreadStatus
from headland.store.core.columns import Columns, parts_of, put_in_order
from headland.store.core.newest import read_newest
from headland.store.core.packed_samples import join_pieces
from headland.store.core.rollup import Retention
from headland.store.core.sample_buckets import BUCKET_COLUMNS, make_buckets_of_pieces
from headland.store.core.sample_cache import LEAST_BYTES, SampleCache
from headland.store.core.selection import check_points, check_step, clamp_ms
from headland.store.duckdb import sql
from headland.store.duckdb.cached_reads import CachedReads
from headland.store.duckdb.copies.backup import BackupInfo, back_up, remove_interrupted
from headland.store.duckdb.copies.export import Export, Layout, export
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.maintenance import CompactionResult, MaintenanceThread
from headland.store.duckdb.tables.compaction import Progress, no_progress
from headland.store.duckdb.tables.contents import FileFigures, read_figures
from headland.store.duckdb.tables.deletion import DeletedSoFar, DueRows
from headland.store.duckdb.tables.rollups import MOST_BUCKETS, read_buckets
from headland.store.duckdb.writer import DuckDBWriter
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    MarkState,
    Samples,
    SeriesFilter,
    SeriesKey,
    StoreInfo,
    WriteBatch,
    WriteResult,
)
from headland.units_of_time import HOUR_MS

#: Number of series up to which each one's first samples are found by themselves, which holds no more than these: to
#: rank all samples of a window at once takes 25 times as long for ten series of ten million.
_MANY_SERIES = 64
_HOURS_AT_ONCE = 48


class DuckDBStore:
    """A `Store` in one DuckDB file, which no other process may have open.

    Opening repairs damage of the file and its log, and notes it. It raises RetryLater while another process has the
    file, SettingsError when the file is not for this version, and DataDamaged when nothing of it was readable: it was
    moved aside, and opening again makes an empty one.
    """

    def __init__(
        self,
        path: Path,
        *,
        memory_limit_mb: int = 48,
        threads: int = 2,
        compact_at_hour: int | None = None,
        cache: SampleCache | None = None,
    ) -> None:
        self._file = DuckDBFile(path, memory_limit_mb, threads)
        self._cache = cache or SampleCache(LEAST_BYTES)
        self._reads = CachedReads(self._file, self._cache)
        self._writer = DuckDBWriter(self._file, self._cache)
        with suppress(OSError):
            remove_interrupted(self._file.path)
        self._maintenance = MaintenanceThread(self._file, self._writer, self._cache, compact_at_hour)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the threads that write and maintain the file."""
        return [*self._writer.threads(), *self._maintenance.threads()]

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch and its marks in one transaction; returns when it is on the disk."""
        check_points(batch.points)
        return self._writer.write(batch)

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the accounted records by (gateway, epoch)."""
        with self._writer.state() as state:
            return dict(state.marks)

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor; an unchanged one costs nothing."""
        with self._writer.state() as state:
            before = state.devices.get((organisation, descriptor.device))
        if before != (gateway, descriptor):
            self._writer.describe(organisation, gateway, descriptor, unmark=unmark)

    def organisations(self) -> list[str]:
        """Return the organisations with anything but marks, in order."""
        with self._writer.state() as state:
            named = state.organisations()
        with self._file.reading() as cursor:
            return sorted(named | {row[0] for row in cursor.execute(sql.EVENT_ORGANISATIONS).fetchall()})

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of an organisation by id, or the one that is named."""
        with self._writer.state() as state:
            return state.list_devices(organisation, device)

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        with self._writer.state() as state:
            return [key for _, key in state.select(which)]

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        with self._writer.state() as state:
            return state.latest(which)

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        if newest and limit is not None:
            return self._newest(which, clamp_ms(start_ms), clamp_ms(end_ms), min(max(limit, 0), 2**53))
        start_ms, end_ms = clamp_ms(start_ms), clamp_ms(end_ms)

        def read(cursor: duckdb.DuckDBPyConnection, sids: list[int]) -> Columns:
            values = {"start": start_ms, "end": end_ms, "sids": sids}
            if limit is None:
                return put_in_order(cursor.execute(sql.RAW, values).fetchnumpy())
            few = min(max(limit, 0) * len(sids), 2**53)
            found = cursor.execute(sql.RAW_IF_FEW, {**values, "limit": few}).fetchnumpy()
            if len(found["sid"]) <= few:
                return put_in_order(found)
            values["limit"] = min(max(limit, 0), 2**53)
            if len(sids) > _MANY_SERIES:
                return cursor.execute(sql.RAW_OF_EACH, values).fetchnumpy()
            del values["sids"]
            parts = " UNION ALL ".join(sql.FIRST_OF_ONE.format(sid=sid) for sid in sids)
            return cursor.execute(sql.IN_ORDER.format(rows=parts), values).fetchnumpy()

        with self._writer.state() as state:
            keys = state.select(which)
        sids = [sid for sid, _ in keys]
        cached = self._reads.read(which.organisation, sids, start_ms, end_ms, limit)
        if cached is not None:
            columns, part_of = join_pieces(cached)
        elif keys:
            columns = self._file.query(lambda cursor: read(cursor, sids))
            part_of = parts_of(columns["sid"])
            if limit is None or len(columns["sid"]) < limit:
                self._reads.note(sids, start_ms, end_ms, len(columns["sid"]))
        else:
            return []
        most = slice(None) if limit is None else slice(max(limit, 0))
        found = [
            Samples(key, *(columns[name][part_of[sid]][most] for name in ("ts", "v", "q")))
            for sid, key in keys
            if sid in part_of
        ]
        return [samples for samples in found if len(samples.time_ms)]

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates over [start_ms + k step, start_ms + (k + 1) step)."""
        check_step(step_ms)
        window = (clamp_ms(start_ms), clamp_ms(end_ms), clamp_ms(step_ms), max_quality)
        with self._writer.state() as state:
            keys = state.select(which)
        sids = [sid for sid, _ in keys]
        columns = self._buckets_in_memory(which.organisation, sids, *window)
        if columns is None and keys:
            most = len(keys) * ((window[1] - window[0]) // window[2])
            # The results of several at once would take too much memory.
            with self._file.large_query() if most > MOST_BUCKETS else nullcontext():
                columns = self._file.query(lambda cursor: read_buckets(cursor, sids, *window))
            self._reads.note(sids, window[0], window[1], int(columns["n"].sum()))
        return _by_key(keys, columns)

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        values = {
            "organisation": organisation,
            "start": clamp_ms(start_ms),
            "end": clamp_ms(end_ms),
            "device": device,
            "limit": max(limit, 0),
        }
        rows = self._file.query(lambda cursor: cursor.execute(sql.EVENTS, values).fetchall())
        return [msgspec.json.decode(body, type=Event) for (body,) in rows]

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        with self._writer.state() as state:
            keys = dict(state.select(SeriesFilter(organisation, device)))
        values = {
            "sids": list(keys),
            "start": clamp_ms(start_ms),
            "end": clamp_ms(end_ms),
            "limit": max(limit, 0),
        }
        rows = self._file.query(lambda cursor: cursor.execute(sql.CONFLICTS, values).fetchall())
        return [Conflict(keys[sid], *columns) for sid, *columns in rows]

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples and events before `cut_ms`; return how many samples."""
        return self._writer.delete_before(organisation, clamp_ms(cut_ms))

    def info(self) -> StoreInfo:
        """Return counts without a read of the file."""
        counters = self._writer.counters() | {"memory_bytes": self._file.memory_bytes()} | self._cache.counters()
        with self._writer.state() as state:
            counters |= {"conflicts": state.conflicts, "events": state.events}
            points, series = state.points, state.frontier.count_filled()
        since_ms = self._writer.samples_since_ms()
        losses = tuple(note for note in self.damage() if note.may_lack_data)
        size, damage = self._file.size_bytes(), self._file.damage()
        return StoreInfo("duckdb", points, series, size, counters, since_ms, damage, losses)

    def damage(self) -> list[FileDamage]:
        """Return the notes on damage of the store's files, oldest first."""
        return load_notes(self._file.path)

    def repair(self) -> list[FileDamage]:
        """Examine the whole file and its log, repair them where they are damaged, and return the new notes.

        Reads and writes wait. Raises RetryLater when a compaction, backup or export is under way.
        """
        with self._maintenance.exclusive():
            before = len(self.damage())
            self._writer.repair()
            return self.damage()[before:]

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge the open notes on damage; return them."""
        return self._writer.run(lambda: acknowledge_notes(self._file.path, now_ms, by))

    def roll_up(self, quiet_s: float = 0.0, most_hours: int = 10**9) -> int:
        """Update the rollups of hours without a write in the last `quiet_s`; return the number of hours."""
        done, quiet_since_s = 0, time.monotonic() - quiet_s
        while done < most_hours and (
            hours := self._writer.roll_up(min(_HOURS_AT_ONCE, most_hours - done), quiet_since_s)
        ):
            done += hours
        return done

    def judge_deletion_by(self, clock: StationClock) -> None:
        """Delete nothing from now on while this clock is in doubt."""
        self._maintenance.clock = clock

    def judge_again(self, since_ms: int, behind_ms: int, until_ms: int, flag_after_ms: int) -> tuple[int, int]:
        """Judge samples by their times again, after a clock that was wrong; return how many were cleared and flagged.

        Those that came since `since_ms` and were at most `behind_ms` ahead of the station's clock then have the flag
        again that they had without it, and may be the latest, up to `until_ms`; those after `flag_after_ms` are failed.
        """
        return self._writer.judge_again(since_ms, behind_ms, until_ms, flag_after_ms)

    def preview(self, retention: Retention, now_ms: int) -> DueRows:
        """Return what a retention would delete by now."""
        due_ms = self._maintenance.due_ms(now_ms)
        return DueRows() if due_ms is None else self._writer.count_due(retention, due_ms)

    def deleted(self) -> DeletedSoFar:
        """Return what retention has deleted so far."""
        return self._writer.count_deleted()

    def retention(self) -> Retention:
        """Return the days for which samples and rollups are kept."""
        return self._writer.retention()

    def set_retention(self, retention: Retention) -> Retention:
        """Set the days for which samples and rollups are kept, and return them; `compact` then deletes.

        Samples that a shorter retention would refuse are accepted again.
        """
        return self._writer.set_retention(retention)

    def expire(self, now_ms: int) -> int:
        """Delete what is due at `now_ms`: days, and large weeks each as a whole; return the number of days."""
        days = 0
        while expired := self._writer.expire_day(now_ms):
            days += expired.days
        return days

    def compact(self, now_ms: int, progress: Progress = no_progress) -> CompactionResult:
        """Delete what is due, sort closed days and shrink the file, while reads and writes continue.

        Writes wait for the rewriting of the file, some seconds for 20 million samples. Raises RetryLater when a backup
        or an export is under way.
        """
        return self._maintenance.compact(now_ms, progress)

    def back_up(self, path: Path, now_ms: int, progress: Progress = no_progress) -> BackupInfo:
        """Write a verified back-up of one instant to a new file, while reads and writes continue."""
        with self._maintenance.exclusive():
            return back_up(self._file, path, now_ms, progress)

    def export(
        self,
        which: SeriesFilter,
        path: Path,
        start_ms: int,
        end_ms: int,
        layout: Layout = "long",
        progress: Progress = no_progress,
    ) -> Export:
        """Write the samples of a filter to a new Parquet or CSV file, while reads and writes continue."""
        with self._writer.state() as state:
            series = state.select(which)
        with self._maintenance.exclusive():
            return export(self._file, series, path, clamp_ms(start_ms), clamp_ms(end_ms), layout, progress)

    def figures(self) -> FileFigures:
        """Return figures of the file; reads some columns once."""
        figures = self._file.query(read_figures)
        return replace(figures, size_bytes=self._file.size_bytes())

    def close(self) -> None:
        """Finish the writes in progress and close the file; a second call does nothing."""
        self._maintenance.close()
        self._writer.close()

    def _newest(self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int) -> list[Samples]:
        with self._writer.state() as state:
            keys = dict(state.select(which))
            latest_ms = {sid: int(state.frontier.latest_ms[sid]) for sid in keys}
        if limit == 0:
            return []

        def read(sids: Sequence[int], low_ms: int, high_ms: int) -> dict[int, Samples]:
            values = {"sids": list(sids), "start": low_ms, "end": high_ms, "limit": limit}
            columns = self._file.query(lambda cursor: cursor.execute(sql.NEWEST_OF_EACH, values).fetchnumpy())
            return {
                sid: Samples(keys[sid], *(columns[name][part] for name in ("ts", "v", "q")))
                for sid, part in parts_of(columns["sid"]).items()
            }

        found = read_newest(latest_ms, start_ms, end_ms, limit, read)
        return [found[sid] for sid in keys if sid in found]

    def _buckets_in_memory(
        self, organisation: str, sids: Sequence[int], start_ms: int, end_ms: int, step_ms: int, max_quality: int
    ) -> Columns | None:
        """Return buckets made of samples in memory; None where the file, or its rollups of hours, are to be read."""
        if start_ms % HOUR_MS == 0 and step_ms % HOUR_MS == 0:
            return None
        cached = self._reads.read(organisation, sids, start_ms, end_ms)
        since_ms = self._writer.samples_since_ms()
        # Of deleted samples there are rollups. They may have been deleted since the method began: hence asked last.
        if cached is None or (since_ms is not None and start_ms < since_ms):
            return None
        return make_buckets_of_pieces(cached, start_ms, end_ms, step_ms, max_quality)


def _by_key(keys: Sequence[tuple[int, SeriesKey]], columns: Columns | None) -> list[Buckets]:
    """Return the buckets of each series with rows, by key."""
    if columns is None:
        return []
    part_of = parts_of(columns["sid"])
    names = [columns[name] for name in BUCKET_COLUMNS]
    found = ((key, part_of.get(sid)) for sid, key in keys)
    return [Buckets(key, *[column[part] for column in names]) for key, part in found if part is not None]
