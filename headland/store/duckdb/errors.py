"""Errors of DuckDB as exceptions of Headland, with a sentence for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError

_LOCKED: Final = re.compile(r"[Cc]ould not set lock|[Cc]onflicting lock")
_NEWER: Final = re.compile(r"version number|newer version|storage version", re.IGNORECASE)
_NO_ROOM: Final = re.compile(r"No space left|File too large|Disk quota|Could not write|Cannot allocate memory")
_DAMAGED: Final = re.compile(
    r"not a valid DuckDB database|[Cc]orrupt|[Cc]hecksum|[Dd]eserializ|replaying WAL|not read enough bytes"
    r"|WAL does not match|WAL checkpoint iteration"
)


def translate_error(error: duckdb.Error, path: Path) -> HeadlandError:
    """Return a DuckDB error as the exception that states what to do, with a sentence for people."""
    text = str(error)
    if _LOCKED.search(text):
        return RetryLater(
            f"The store {path} is in use by another process{_holder(text)}; stop that one or use another data folder."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return RetryLater(f"The store {path} has too little memory for this; raise its memory limit.")
    if _NO_ROOM.search(text):
        return RetryLater(f"The store {path} cannot be written, is the disk full? ({first_line(error)})")
    if _DAMAGED.search(text) or isinstance(error, duckdb.SerializationException | duckdb.InternalException):
        return DataDamaged(f"The store {path} is damaged: {first_line(error)}.")
    if _NEWER.search(text):
        return SettingsError(f"The store {path} was written by another version of DuckDB: {first_line(error)}.")
    return RetryLater(f"The store {path} cannot be used now: {first_line(error)}.")


def first_line(error: Exception) -> str:
    """Return the first line of an error's text without its full stop."""
    return str(error).strip().split("\n")[0].rstrip(".")[:300]


def _holder(text: str) -> str:
    match = re.search(r"PID (\d+)", text)
    return f" (process {match[1]})" if match else ""
