"""The files of a DuckDB database: where they lie, how large they are, and how a new name gets onto the disk."""

from __future__ import annotations

import os
from pathlib import Path


def wal_of(path: Path) -> Path:
    """Return where DuckDB keeps a file's write-ahead log."""
    return path.with_name(path.name + ".wal")


def copy_of(path: Path) -> Path:
    """Return where a file is written anew before it takes the old one's place."""
    return path.with_name(path.name + ".rewriting")


def size_of(path: Path) -> int:
    """Return a file's size in bytes, 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def remove_database(path: Path) -> None:
    """Delete a database file and its log, where they are."""
    path.unlink(missing_ok=True)
    wal_of(path).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have a new name in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
