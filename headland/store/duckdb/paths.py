"""Files of a DuckDB database: paths, sizes, and durable renames."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)


def wal_of(path: Path) -> Path:
    """Return the path of a file's write-ahead log."""
    return path.with_name(path.name + ".wal")


def parity_of(path: Path) -> Path:
    """Return the path of the parity of a file or log."""
    return path.with_name(path.name + ".parity")


def copy_of(path: Path) -> Path:
    """Return the path of a rewritten copy before it replaces the file."""
    return path.with_name(path.name + ".rewriting")


def size_of(path: Path) -> int:
    """Return a file's size in bytes, 0 for a missing one."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def remove_database(path: Path) -> None:
    """Delete a database file, its log and their parity, if they exist."""
    for each in (path, wal_of(path)):
        each.unlink(missing_ok=True)
        parity_of(each).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a new name in it is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_existing(path: Path) -> None:
    """Raise SettingsError for an existing path: nothing is ever overwritten."""
    if path.exists():
        raise SettingsError(f"{path} exists already, and nothing is overwritten; name another, or move it away.")


def aside_of(path: Path, now_ms: int) -> Path:
    """Return an unused name for a damaged file, `FILE.damaged-TIME`, whose log has an unused name, too."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_ms / 1000))
    moved = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while moved.exists() or wal_of(moved).exists():
        number += 1
        moved = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    return moved


def move_aside(path: Path, now_ms: int) -> Path:
    """Rename a damaged file and its write-ahead log to an unused name; return the new name."""
    moved = aside_of(path, now_ms)
    path.rename(moved)
    if wal_of(path).exists():
        wal_of(path).rename(wal_of(moved))
    _LOGGER.error("moved the damaged store %s to %s", path, moved)
    return moved
