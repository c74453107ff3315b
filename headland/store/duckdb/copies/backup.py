"""Back-ups of a DuckDB store: a verified file with a note of its contents, and its restoration."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from headland.errors import DataDamaged, SettingsError
from headland.store.duckdb import sql
from headland.store.duckdb.connection import open_database
from headland.store.duckdb.errors import first_line
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.paths import refuse_existing, remove_database, size_of, sync_folder, wal_of
from headland.store.duckdb.tables.compaction import Progress, write_copy

_MEMORY_LIMIT: Final = "192MB"
_WEIGH: Final = """
    SELECT (SELECT count(*) FROM points), (SELECT bit_xor(hash({points})) FROM points)::VARCHAR,
           (SELECT count(*) FROM events), (SELECT bit_xor(hash(organisation, ts, body)) FROM events)::VARCHAR,
           (SELECT bit_xor(hash({marks})) FROM source_mark)::VARCHAR,
           (SELECT count(*) || '/' || coalesce(sum(n), 0) FROM rollup_days)
"""
#: As the schema has them that the back-up was made with.
_LIST_COLUMNS: Final = """
    SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() AND table_name = $table
    ORDER BY column_index
"""
_CREATE_NOTE: Final = """
    CREATE TABLE backup_note (made_ms BIGINT, version VARCHAR, points BIGINT, points_hash VARCHAR, events BIGINT,
                              events_hash VARCHAR, marks_hash VARCHAR, rollups VARCHAR)
"""
_ADD_NOTE: Final = "INSERT INTO backup_note SELECT $1, version(), $2, $3, $4, $5, $6, $7"


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """A back-up: everything that was stored at one instant, about `made_ms`."""

    path: Path
    made_ms: int
    points: int
    events: int
    size_bytes: int


def back_up(file: DuckDBFile, path: Path, now_ms: int, progress: Progress) -> BackupInfo:
    """Write and verify a back-up while the store is in use; the file gets its name last.

    Raises SettingsError where `path` exists already or cannot be written.
    """
    refuse_existing(path)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_interrupted(file.path)
        remove_database(part)
        _part_note(file.path).write_text(str(part.absolute()))
        with file.more_memory(), file.reading() as cursor:
            write_copy(cursor, part, progress)
        progress("verifying", 0.0)
        info = _sign(part, now_ms)
        refuse_existing(path)
        part.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise SettingsError(f"The back-up {path} cannot be written: {error.strerror}.") from error
    finally:
        remove_interrupted(file.path)
    return BackupInfo(path, now_ms, info[0], info[1], size_of(path))


def remove_interrupted(store: Path) -> None:
    """Remove the unfinished file of a back-up, also of one that was killed; the store's folder names it."""
    note = _part_note(store)
    try:
        part = Path(note.read_text().strip())
    except OSError:
        return
    # Where the disk of the back-up is not mounted, the note waits for the next time.
    if part.name.endswith(".part") and part.parent.is_dir():
        remove_database(part)
        note.unlink(missing_ok=True)


def _part_note(store: Path) -> Path:
    return store.with_name(store.name + ".backing-up")


def restore(backup: Path, path: Path, progress: Progress) -> BackupInfo:
    """Restore a store from a back-up, verified row by row before it gets its name; the back-up remains unchanged.

    Raises SettingsError where a store exists already or `backup` is not a back-up, DataDamaged where it is incomplete.
    """
    refuse_existing(path)
    if not backup.is_file():
        raise SettingsError(f"There is no back-up {backup}.")
    if size_of(wal_of(path)):
        raise SettingsError(f"There is a log of a lost store, {wal_of(path)}; move it away first.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_database(part)
        progress("copying", 0.0)
        shutil.copyfile(backup, part)
        progress("verifying", 0.5)
        info = _verify(part, backup)
        _sync(part)
        refuse_existing(path)
        part.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise SettingsError(f"The store {path} cannot be written: {error.strerror}.") from error
    finally:
        remove_database(part)
    return BackupInfo(path, info[0], info[1], info[2], size_of(path))


def _sign(part: Path, now_ms: int) -> tuple[int, int]:
    """Read a new back-up and add a note of its contents; return its numbers of samples and events."""
    with open_database(part, {"memory_limit": _MEMORY_LIMIT}) as connection:
        weights = _weigh(connection)
        connection.execute(_CREATE_NOTE)
        connection.execute(_ADD_NOTE, [now_ms, *weights])
        connection.execute("CHECKPOINT")
    _sync(part)
    return int(weights[0]), int(weights[2])


def _weigh(connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """Return the numbers and hashes of what a file holds."""

    def columns_of(table: str) -> str:
        return ", ".join(name for (name,) in connection.execute(_LIST_COLUMNS, {"table": table}).fetchall())

    statement = _WEIGH.format(points=columns_of("points"), marks=columns_of("source_mark"))
    return list(connection.execute(statement).fetchall()[0])


def _verify(part: Path, backup: Path) -> tuple[int, int, int]:
    """Read a copied back-up, compare it with its note and remove the note; return its time, samples and events."""
    try:
        with open_database(part, {"memory_limit": _MEMORY_LIMIT}) as connection:
            tables = {row[0] for row in connection.execute(sql.LIST_TABLES).fetchall()}
            if not {"backup_note", "schema_version"} <= tables:
                raise SettingsError(f"{backup} is not a back-up made by `headland store backup`.")
            made_ms, version, *noted = connection.execute("SELECT * FROM backup_note").fetchall()[0]
            actual = _weigh(connection)
            points, events = int(actual[0]), int(actual[2])
            ((running,),) = connection.execute("SELECT version()").fetchall()
            if running != version:
                # Another DuckDB version may hash differently: it still checks every block, and the counts must agree.
                noted, actual = [noted[0], noted[2]], [actual[0], actual[2]]
            if noted != actual:
                raise DataDamaged(f"The back-up {backup} does not match its note of contents; use another one.")
            connection.execute("DROP TABLE backup_note")
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise DataDamaged(f"The back-up {backup} is not readable ({first_line(error)}); use another one.") from error
    return int(made_ms), points, events


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
