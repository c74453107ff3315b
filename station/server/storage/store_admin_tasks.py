"""The work of `headland store` on an open DuckDB store, told in sentences: the same whoever has the file open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from api.ops.store_admin_port import StoreWork
from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from headland.store.core.rollup import Retention
from headland.store.duckdb.backup import BackupInfo
from headland.store.duckdb.compaction import Progress
from headland.store.duckdb.contents import FileFigures
from headland.store.duckdb.export import Export
from headland.store.duckdb.maintenance import Compaction
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter, StoreInfo


def do_work(store: DuckDBStore, work: StoreWork, progress: Progress) -> list[str]:
    """Do a piece of work and return what there is to say of it; raises HeadlandError."""
    now_ms = wall_clock_ms()
    if work.kind == "info":
        return tell_info(store.info(), store.figures())
    if work.kind == "compact":
        return [tell_compaction(store.compact(now_ms, progress))]
    if work.kind == "keep":
        try:
            retention = Retention(work.raw_days, work.minute_days, work.hour_days)
        except ValueError as error:
            raise SettingsError(f"That cannot be kept so: {error}.") from error
        return [tell_retention(store.keep(retention)), "What is older goes at the next compaction."]
    if work.path is None:
        raise SettingsError("Name the file to be written.")
    if work.kind == "backup":
        return [backup_sentence("Backed up", store.back_up(Path(work.path), now_ms, progress))]
    if work.organisation is None:
        raise SettingsError("Name the organisation whose samples are to be exported.")
    channels = None if work.channels is None else frozenset(work.channels)
    which = SeriesFilter(work.organisation, work.device, channels)
    done = store.export(which, Path(work.path), work.start_ms, work.end_ms, work.layout, progress)
    return [tell_export(done)]


def tell_info(info: StoreInfo, figures: FileFigures) -> list[str]:
    """Return a store's figures as lines."""
    each = f", {figures.size_bytes / info.points:.1f} bytes each with all that is kept of them" if info.points else ""
    rows = ", ".join(f"{count:,} of {name}" for name, count in sorted(figures.rollup_rows.items()))
    stale = f"; {figures.stale_hours:,} hours of series wait to be rolled up" if figures.stale_hours else ""
    lines = [
        f"samples    {info.points:,} in {info.series:,} series{each}",
        f"from, to   {_utc(figures.oldest_ms)}, {_utc(figures.newest_ms)} UTC",
        f"events     {info.counters['events']:,}; {info.counters['conflicts']:,} conflicts",
        f"rollups    {rows}{stale}",
        f"file       {_size(figures.size_bytes)}, of which {_size(figures.free_bytes)} are free for what comes",
        f"kept       {tell_retention(figures.retention)}",
    ]
    if figures.samples_since_ms is not None:
        lines.append(f"let go     samples before {_utc(figures.samples_since_ms)} UTC")
    return lines


def tell_retention(retention: Retention) -> str:
    """Return for how long what is kept."""
    spans = (
        ("samples", retention.raw_days),
        ("rollups of minutes", retention.minute_days),
        ("of hours", retention.hour_days),
    )
    parts = [f"{name} {'for ever' if days is None else f'{days} days'}" for name, days in spans]
    return ", ".join([*parts, "of days for ever"])


def tell_compaction(done: Compaction) -> str:
    """Return what a compaction did."""
    gone = f"Let go what was due of {done.expired_days} days; " if done.expired_days else ""
    moved = f"sorted {done.sorted_samples:,} samples" if done.sorted_samples else "everything was sorted already"
    sentence = f"{gone}{moved}; the file was {_size(done.bytes_before)} and is {_size(done.bytes_after)}."
    return sentence[0].upper() + sentence[1:]


def backup_sentence(verb: str, made: BackupInfo) -> str:
    """Return what a back-up holds."""
    return (
        f"{verb} {made.points:,} samples and {made.events:,} events, as they were at {_utc(made.made_ms)} UTC, "
        f"to {made.path} ({_size(made.size_bytes)}); every row was read back."
    )


def tell_export(done: Export) -> str:
    """Return what an export wrote."""
    return (
        f"Wrote {done.samples:,} samples of {done.series:,} series as {done.rows:,} rows "
        f"to {done.path} ({_size(done.size_bytes)})."
    )


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"


def _utc(time_ms: int | None) -> str:
    if time_ms is None:
        return "none"
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"
