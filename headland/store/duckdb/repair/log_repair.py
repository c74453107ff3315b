"""Repair of the write-ahead log of a DuckDB file before it is opened; the damaged log is kept."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from headland.clock import utc_text
from headland.errors import RetryLater
from headland.files.damage_notes import FileDamage, add_note, replace_last
from headland.store.core.series import NEVER_MS
from headland.store.core.state import StoreState
from headland.store.duckdb.connection import ConnectionSettings, open_database
from headland.store.duckdb.paths import aside_of, parity_of, size_of, sync_folder, wal_of
from headland.store.duckdb.repair.log_file import LogScan, needs_header, scan_log, write_log
from headland.store.duckdb.repair.parity import ParityFile, read_checkpoint, read_headers, restore_log

#: Gateways that a note names.
_NAMED: Final = 10
_SETTINGS: Final[ConnectionSettings] = {
    "memory_limit": "48MB",
    "threads": 1,
    "checkpoint_threshold": "1TB",
}


def mend_log(path: Path, now_ms: int, *, foreign: bool = False) -> FileDamage | None:
    """Correct the log of a file, or cut it at the first entry that cannot be read; return the noted damage.

    `foreign`: DuckDB says that the log belongs to another file. Raises RetryLater while a process has the file open.
    """
    wal = wal_of(path)
    if not size_of(wal):
        return None
    log = wal.read_bytes()
    scan = _scan_restored(path, log, foreign=foreign)
    if not scan.is_damaged:
        return None
    with locked(path):
        kept = wal_of(aside_of(path, now_ms))
        write_log(kept, log)
        damage = _describe(path, scan, kept, now_ms, wal.stat().st_mtime)
        add_note(path, damage)
        write_log(wal, scan.body)
        # What follows now in the log is not what its parity is of.
        parity_of(wal).unlink(missing_ok=True)
        sync_folder(path.parent)
    return damage


def _scan_restored(path: Path, log: bytes, *, foreign: bool) -> LogScan:
    """Examine a log as it is and with its damaged pages restored; return the scan by which more can be read."""
    with path.open("rb") as file:
        state = read_checkpoint(read_headers(file.fileno()))
    right, pages = restore_log(log, ParityFile(parity_of(wal_of(path))), state)
    expected = make_header(path) if foreign or needs_header(log) else None
    if pages:
        restored = scan_log(right, expected, foreign=foreign)
        if not restored.lost_bytes:
            return replace(restored, restored=pages)
    return scan_log(log, expected, foreign=foreign)


def complete_note(path: Path, damage: FileDamage | None, state: StoreState) -> None:
    """Say in the note of a cut log how far samples and records reach that were kept."""
    if damage is None or damage.end_ms is None:
        return
    newest_ms = max(
        (latest_ms for latest_ms in state.frontier.latest_ms.tolist() if latest_ms != NEVER_MS), default=None
    )
    kept = (
        "No sample was kept."
        if newest_ms is None
        else f"The newest sample that was kept is of {utc_text(newest_ms)} UTC."
    )
    marks = sorted(state.marks.items())
    records = "; ".join(f"{gateway} up to {mark.high_water:,} of {epoch}" for (gateway, epoch), mark in marks[:_NAMED])
    more = f" and {len(marks) - _NAMED} more" if len(marks) > _NAMED else ""
    sentence = f"{damage.sentence} {kept} Records that were kept: {records or 'none'}{more}."
    replace_last(path, msgspec.structs.replace(damage, sentence=sentence, start_ms=newest_ms))


def make_header(path: Path) -> bytes | None:
    """Return the header that DuckDB writes into the log of this file, None where that is not possible.

    The file is opened under another name, so that its own log is not touched, and is not changed.
    """
    with suppress(OSError, duckdb.Error), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        alias = Path(folder) / "header.duckdb"
        os.link(path, alias)
        with open_database(alias, _SETTINGS) as connection:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
            connection.execute("CREATE TABLE header_only (a INTEGER)")
            log = wal_of(alias).read_bytes()
        end = log.find(b"\xff\xff")
        return log[: end + 2] if end > 0 else None
    return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes on a file; raises RetryLater where another process holds it."""
    if not path.exists():
        yield
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RetryLater(f"The store {path} is in use by another process; stop that one.") from error
        yield


def _describe(path: Path, scan: LogScan, kept: Path, now_ms: int, written_s: float) -> FileDamage:
    where = f"The damaged log of the store {path} is kept as {kept.name}: "
    if scan.restored:
        pages = "one damaged page was" if scan.restored == 1 else f"{scan.restored} damaged pages were"
        sentence = f"{where}{pages} restored by the parity, and nothing was lost. Examine disk and memory."
        return FileDamage(kind="log", found_ms=now_ms, sentence=sentence, kept=(kept.name,), lost_samples=0)
    if not scan.lost_bytes:
        bits = "one flipped bit was" if scan.corrected == 1 else f"{scan.corrected} flipped bits were"
        sentence = f"{where}{bits} corrected by the checksums, and nothing was lost. Examine disk and memory."
        return FileDamage(kind="log", found_ms=now_ms, sentence=sentence, kept=(kept.name,), lost_samples=0)
    until = utc_text(round(written_s * 1000))
    sentence = (
        f"{where}its last {scan.lost_bytes:,} bytes, with at least {scan.lost_commits:,} commits, could not be read. "
        f"What was committed last, until {until} UTC, is missing; the delivery of each gateway names the records."
    )
    end_ms = round(written_s * 1000)
    return FileDamage(kind="log", found_ms=now_ms, sentence=sentence, kept=(kept.name,), end_ms=end_ms)
