"""Maintenance tasks of `headland store` on an open DuckDB store, with their results as sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from headland.clock.station_clock.station_clock import StationClock
from headland.errors import SettingsError
from headland.store.core.rollup import Retention
from headland.store.core.store_work import RetentionDays, StoreWork
from headland.store.duckdb.copies.backup import BackupInfo
from headland.store.duckdb.copies.export import Export
from headland.store.duckdb.maintenance import NIGHT_DAYS, CompactionResult
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.compaction import Progress
from headland.store.duckdb.tables.contents import FileFigures
from headland.store.duckdb.tables.deletion import DueRows
from headland.store.port import SeriesFilter, Store, StoreInfo


def do_work(store: DuckDBStore, work: StoreWork, progress: Progress, clock: StationClock) -> list[str]:
    """Run a task and return its result as sentences; raises HeadlandError."""
    now_ms = clock.now_ms()
    if work.kind == "info":
        return info_lines(store.info(), store.figures())
    if work.kind == "repair":
        store.repair()
        sound = "No damage was found: the log and every block of the file agree with their checksums."
        return list(store.info().damage) or [sound]
    if work.kind == "acknowledge":
        return acknowledge(store, now_ms)
    if work.kind == "compact":
        if work.preview:
            return [preview_sentence(store.preview(store.retention(), now_ms), clock)]
        compaction = store.compact(now_ms, progress)
        held_back = f"Nothing more was deleted: {compaction.held_back}" if compaction.held_back else ""
        return [compaction_sentence(compaction), *filter(None, [held_back])]
    if work.kind == "keep":
        return _keep(store, work, now_ms, clock)
    if work.kind in ("clock", "accept_clock"):
        if work.kind == "accept_clock":
            clock.accept()
        sentence = clock.sentence()
        return [f"{sentence[0].upper()}{sentence[1:]}."]
    if work.path is None:
        raise SettingsError("The name of the new file is missing.")
    if work.kind == "backup":
        return [backup_sentence("Backed up", store.back_up(Path(work.path), now_ms, progress))]
    if work.organisation is None:
        raise SettingsError("The organisation is missing: name the owner of the samples with --organisation.")
    channels = None if work.channels is None else frozenset(work.channels)
    series = SeriesFilter(work.organisation, work.device, channels)
    exported = store.export(series, Path(work.path), work.start_ms, work.end_ms, work.layout, progress)
    return [export_sentence(exported)]


def _keep(store: DuckDBStore, work: StoreWork, now_ms: int, clock: StationClock) -> list[str]:
    """Set the retention, or tell what it would delete."""
    retention = retention_of(work)
    preview = preview_sentence(store.preview(retention, now_ms), clock)
    if work.preview:
        return [retention_text(retention), f"{preview} This is a preview: nothing was changed."]
    return [retention_text(store.set_retention(retention)), preview]


def retention_of(days: RetentionDays) -> Retention:
    """Return the retention of a request; raises SettingsError."""
    try:
        return Retention(days.raw_days, days.minute_days, days.hour_days, days.event_days)
    except ValueError as error:
        raise SettingsError(f"The retention is not valid: {error}.") from error


def preview_sentence(due: DueRows, clock: StationClock) -> str:
    """Return what a compaction now would delete, and what the nights would."""
    rows = [
        f"{count:,} {what} before {_utc(before_ms)[:10]}"
        for count, what, before_ms in (
            (due.samples, "samples", due.before_ms),
            (due.events, "events", due.events_before_ms),
        )
        if count and before_ms is not None
    ]
    if not rows:
        return "No sample is due to be deleted."
    sentence = (
        f"This deletes {' and '.join(rows)}: the nights at most {NIGHT_DAYS} days each, "
        "`headland store compact` all at once."
    )
    return f"{sentence} Nothing is deleted now: {clock.sentence()}" if clock.look().in_doubt else sentence


def info_lines(info: StoreInfo, figures: FileFigures) -> list[str]:
    """Return the statistics of a store as lines."""
    each = f", {figures.size_bytes / info.points:.1f} bytes each, rollups and events included" if info.points else ""
    rows = ", ".join(f"{count:,} of {name}" for name, count in sorted(figures.rollup_rows.items()))
    stale = f"; {figures.stale_hours:,} hours of series not yet rolled up" if figures.stale_hours else ""
    lines = [
        f"samples    {info.points:,} in {info.series:,} series{each}",
        f"from, to   {_utc(figures.oldest_ms)}, {_utc(figures.newest_ms)} UTC",
        f"events     {info.counters['events']:,}; {info.counters['conflicts']:,} conflicts",
        f"rollups    {rows}{stale}",
        f"file       {_size(figures.size_bytes)}, of which {_size(figures.free_bytes)} are free",
        f"retention  {retention_text(figures.retention)}",
    ]
    lines += [f"damage     {sentence}" for sentence in info.damage]
    deleted = figures.deleted
    if figures.samples_since_ms is not None:
        lines.append(f"deleted    {deleted.samples:,} samples before {_utc(figures.samples_since_ms)} UTC")
    if deleted.events_before_ms is not None:
        lines.append(f"           {deleted.events:,} events before {_utc(deleted.events_before_ms)} UTC")
    return lines


def retention_text(retention: Retention) -> str:
    """Return the retention as text."""
    spans = (
        ("samples", retention.raw_days),
        ("rollups of minutes", retention.minute_days),
        ("of hours", retention.hour_days),
    )
    parts = [f"{name} {'for ever' if days is None else f'{days} days'}" for name, days in spans]
    events = "for ever" if retention.event_days is None else f"{retention.event_days} days"
    return ", ".join([*parts, f"of days for ever, events {events}"])


def compaction_sentence(compaction: CompactionResult) -> str:
    """Return the result of a compaction."""
    gone = ""
    if compaction.expired_days:
        events = f" and {compaction.expired_events:,} events" if compaction.expired_events else ""
        gone = f"Deleted {compaction.expired_samples:,} samples{events} of {compaction.expired_days} days; "
    is_sorted = not compaction.sorted_samples
    moved = "all samples were sorted" if is_sorted else f"sorted {compaction.sorted_samples:,} samples"
    sentence = f"{gone}{moved}; the file was {_size(compaction.bytes_before)} and is {_size(compaction.bytes_after)}."
    return sentence[0].upper() + sentence[1:]


def backup_sentence(verb: str, backup: BackupInfo) -> str:
    """Return the contents of a backup as a sentence."""
    return (
        f"{verb} {backup.points:,} samples and {backup.events:,} events, as they were at {_utc(backup.made_ms)} UTC, "
        f"to {backup.path} ({_size(backup.size_bytes)}); every row was read back."
    )


def export_sentence(exported: Export) -> str:
    """Return the contents of an export as a sentence."""
    return (
        f"Wrote {exported.samples:,} samples of {exported.series:,} series as {exported.rows:,} rows "
        f"to {exported.path} ({_size(exported.size_bytes)})."
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


def acknowledge(store: Store, now_ms: int) -> list[str]:
    """Acknowledge all damage and losses of a store; return what they were."""
    known = [note.sentence for note in store.acknowledge_damage(now_ms, "operator")]
    return [f"Acknowledged: {sentence}" for sentence in known] or ["There is no damage to acknowledge."]
