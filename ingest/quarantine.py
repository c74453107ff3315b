"""Where refused messages are kept for a person to look at: a small SQLite file, bounded, durable before the ack."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headland.contract.refusals import Refused
from headland.errors import RetryLater

_LOGGER = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    properties TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    count INTEGER NOT NULL
)
"""
_INSERT = """
INSERT INTO refused (digest, topic, payload, properties, reason, detail, first_seen_ms, last_seen_ms, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (digest) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, count = count + 1
"""
_COLUMNS = "id, topic, payload, properties, reason, detail, first_seen_ms, last_seen_ms, count"
#: What a row costs beside its payload.
_ROW_BYTES = 512
_MAX_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message to be kept, with why it or parts of it were refused (at least one reason)."""

    topic: str
    payload: bytes
    refused: Sequence[Refused]
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in quarantine; `count` tells how often these very bytes came on this topic."""

    id: int
    topic: str
    payload: bytes
    properties: dict[str, str]
    reason: str
    detail: str
    first_seen_ms: int
    last_seen_ms: int
    count: int


class Quarantine:
    """The quarantine file. `keep` belongs to one thread; `list` and `count` may be called from any.

    Above `max_bytes` or `max_records` the oldest are dropped and counted in `dropped`.
    """

    def __init__(self, path: Path, max_bytes: int, max_records: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_records = max_records
        self._connection: sqlite3.Connection | None = None
        self._records = 0
        self._bytes = 0
        self.dropped = 0
        self.damaged_files = 0

    def keep(self, refusals: Sequence[Refusal], now_ms: int) -> None:
        """Keep messages; when it returns a crash loses none of them. Raises RetryLater with none kept."""
        try:
            connection = self._open()
            with connection:
                for refusal in refusals:
                    self._insert(connection, refusal, now_ms)
                dropped = self._drop_oldest(connection)
            self.dropped += dropped
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise RetryLater(f"the quarantine file {self._path} cannot be written: {error}") from error

    def list(self, limit: int = 100, before_id: int | None = None) -> list[Kept]:
        """Return kept messages, the newest first; `before_id` pages on."""
        with self._read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM refused WHERE id < ? ORDER BY id DESC LIMIT ?",  # noqa: S608 - our constant
                (2**62 if before_id is None else before_id, limit),
            ).fetchall()
        return [
            Kept(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5], row[6], row[7], row[8]) for row in rows
        ]

    def count(self) -> int:
        """Return how many different messages are kept."""
        with self._read() as connection:
            return int(connection.execute("SELECT count(*) FROM refused").fetchone()[0])

    def close(self) -> None:
        """Close the writer's connection; the next `keep` opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
                self._path.rename(aside)
                self.damaged_files += 1
                _LOGGER.warning("the quarantine file was damaged (%s); it was moved to %s", error, aside)
                self._connection = _connect(self._path)
        return self._connection

    def _insert(self, connection: sqlite3.Connection, refusal: Refusal, now_ms: int) -> None:
        properties = json.dumps(dict(refusal.properties), ensure_ascii=True)
        detail = "; ".join(f"{one.reason}: {one.detail}" for one in refusal.refused[:_MAX_DETAILS])
        digest = hashlib.sha256(refusal.topic.encode("utf-8", "replace") + b"\0" + refusal.payload).digest()
        reason = refusal.refused[0].reason.value
        # SQLite takes no lone surrogates; a topic or detail that has some is for reading only.
        topic, detail = (text.encode("utf-8", "replace").decode() for text in (refusal.topic, detail))
        row = (digest, topic, refusal.payload, properties, reason, detail, now_ms, now_ms)
        connection.execute(_INSERT, row)

    def _drop_oldest(self, connection: sqlite3.Connection) -> int:
        self._measure(connection)
        dropped = 0
        while self._records > 1 and (self._records > self._max_records or self._bytes > self._max_bytes):
            row = connection.execute("SELECT id, length(payload) FROM refused ORDER BY id LIMIT 1").fetchone()
            connection.execute("DELETE FROM refused WHERE id = ?", (row[0],))
            self._records -= 1
            self._bytes -= row[1] + _ROW_BYTES
            dropped += 1
        return dropped

    def _measure(self, connection: sqlite3.Connection) -> None:
        count, size = connection.execute("SELECT count(*), coalesce(sum(length(payload)), 0) FROM refused").fetchone()
        self._records, self._bytes = count, size + count * _ROW_BYTES

    @contextlib.contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._path if self._path.exists() else ":memory:")) as connection:
            connection.execute(_SCHEMA)
            yield connection


def _connect(path: Path) -> sqlite3.Connection:
    # One thread writes and another, after it has ended, closes.
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
