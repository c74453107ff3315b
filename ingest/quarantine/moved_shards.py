"""Gateways whose shard another worker had before: what its file says of them moves to the worker that has them now.

Workers on one machine have their files in one folder, each named by its shards. When shards move, the former worker no
longer runs with them; without its file the records that it refused would count as stored.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headland.contract.topics import shard_of
from headland.errors import RetryLater
from ingest.accounting import ledger, posts
from ingest.quarantine.quarantine_file import QuarantineFile

_LOGGER = logging.getLogger(__name__)

_FILES: Final = "quarantine*.sqlite"
#: Tables with a column `gateway`, and the columns that are taken: all but the number of a message.
_REFUSED: Final = (
    "digest, topic, payload, properties, reason, detail, first_seen_ms, last_seen_ms, count, gateway, epoch, first, "
    "seq, replays, asked_ms"
)
_COPIED: Final = {
    "refused": _REFUSED,
    "spool_reports": "gateway, time_ms, kind, data",
    "device_owners": "device, gateway",
    "spool_digests": "gateway, epoch, digests",
    "replayed": "gateway, epoch, first, last, number",
    posts.TABLE: posts.COLUMNS,
}
_TABLES: Final = (*_COPIED, *ledger.TABLES, "spool_marks")
#: Gateway of what names none; the worker with the first shard has it.
_NOBODY: Final = ""


def take_moved(own: QuarantineFile, path: Path, shards: frozenset[int]) -> int:
    """Take what the files beside `path` have of the gateways of `shards`; return of how many gateways.

    Before commits begin. First it is copied in one transaction that also notes the move, then deleted from the other
    file: a move that was interrupted is completed by the next call. A file that cannot be used now is left for the next
    start, and logged.
    """
    taken = 0
    for source in sorted(path.parent.glob(_FILES)):
        if source == path:
            continue
        try:
            taken += _take_from(own, path, source, shards)
        except (sqlite3.Error, RetryLater) as error:
            _LOGGER.warning("what %s has of gateways of other shards was not taken: %s", source, error)
    return taken


def _take_from(own: QuarantineFile, path: Path, source: Path, shards: frozenset[int]) -> int:
    other = QuarantineFile(source)
    with other.read() as connection:
        if path.exists():
            _complete(own, connection, source)
        gateways = [name for name in _gateways_in(connection) if (shard_of(name) if name else 0) in shards]
        if not gateways:
            return 0
        rows = {table: _rows_of(connection, table, columns, gateways) for table, columns in _COPIED.items()}
        entries = {key: counts for key, counts in ledger.read_counts(connection).items() if key[0] in gateways}
        counts = {
            (gateway, name): count
            for gateway, named in ledger.read_gateway_counts(connection).items()
            if gateway in gateways
            for name, count in named.items()
        }
        marks = _rows_of(connection, "spool_marks", "gateway, epoch, high_water", gateways)

        def copy(into: sqlite3.Connection) -> None:
            for table, found in rows.items():
                columns = _COPIED[table]
                places = ", ".join("?" * (columns.count(",") + 1))
                statement = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - our constants
                into.executemany(statement, found)
            ledger.add_counts(into, entries)
            ledger.add_gateway_counts(into, counts)
            into.executemany(
                "INSERT INTO spool_marks VALUES (?, ?, ?) ON CONFLICT (gateway, epoch) "
                "DO UPDATE SET high_water = max(high_water, excluded.high_water)",
                marks,
            )
            into.execute("INSERT OR REPLACE INTO moves VALUES (?, ?)", (source.name, json.dumps(gateways)))

        own.write(copy)
        _complete(own, connection, source)
    _LOGGER.warning("took what %s has of %d gateways, whose shards this worker has now", source.name, len(gateways))
    return len(gateways)


def _complete(own: QuarantineFile, connection: sqlite3.Connection, source: Path) -> None:
    """Delete from another file what was taken from it."""
    found = own.write(
        lambda file: file.execute("SELECT gateways FROM moves WHERE source = ?", (source.name,)).fetchone()
    )
    if found is None:
        return
    gateways = json.loads(found[0])
    with connection:
        for table in _TABLES:
            for part in _parts(gateways):
                statement = f"DELETE FROM {table} WHERE coalesce(gateway, '') IN ({', '.join('?' * len(part))})"  # noqa: S608
                connection.execute(statement, part)
    own.write(lambda file: file.execute("DELETE FROM moves WHERE source = ?", (source.name,)))


def _gateways_in(connection: sqlite3.Connection) -> list[str]:
    found: set[str] = set()
    for table in _TABLES:
        found |= {row[0] or _NOBODY for row in connection.execute(f"SELECT DISTINCT gateway FROM {table}")}  # noqa: S608
    return sorted(found)


def _rows_of(
    connection: sqlite3.Connection, table: str, columns: str, gateways: Sequence[str]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for part in _parts(gateways):
        places = ", ".join("?" * len(part))
        query = f"SELECT {columns} FROM {table} WHERE coalesce(gateway, '') IN ({places}) ORDER BY rowid"  # noqa: S608
        rows += connection.execute(query, part).fetchall()
    return rows


def _parts(gateways: Sequence[str]) -> list[Sequence[str]]:
    """Return parts of gateways that fit into a statement."""
    return [gateways[start : start + 500] for start in range(0, len(gateways), 500)]
