"""Quarantine of refused messages: a small SQLite file, bounded, durable before the message is acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from headland.contract.delivery import SpoolReport
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts
from headland.contract.refusals import Reason, Refused
from headland.errors import QuarantineUnavailable, RetryLater
from headland.store.number_sets import Counts, Ranges, merge, subtract
from ingest.accounting import ledger, posts, spool_reports
from ingest.quarantine import replays
from ingest.quarantine.moved_shards import take_moved
from ingest.quarantine.quarantine_file import QuarantineFile
from ingest.quarantine.refused_messages import (
    COLUMNS,
    Bounds,
    QuarantinedMessage,
    RefusedMessage,
    delete_messages,
    detail_of,
    evict,
    find_full,
    insert_message,
    measure,
    message_of,
)

#: Spools whose marks are kept; those that were added first go first.
_MAX_MARKS = 50_000
#: Spools whose digests are kept, 2 KiB each.
_MAX_DIGESTS = 2000
_PRUNE = "DELETE FROM {0} WHERE rowid <= (SELECT rowid FROM {0} ORDER BY rowid DESC LIMIT 1 OFFSET ?)"
#: How often in a row requests for a replay are looked for by the file's state alone.
_MOST_UNREAD: Final = 30
#: Number of looks at the file after which a failed one is tried again.
_TRY_EVERY: Final = 5
#: Count of a gateway's lost records that an administrator has accepted.
LOSS_ACCEPTED: Final = "loss_accepted"


T = TypeVar("T")


class Quarantine:
    """The quarantine file. Reads, `request_replay` and `drop` may be called from any thread and process.

    What adds to it, `finish_replay`, `device_owners` and `keep_file` share a connection: one thread alone calls them.

    Above `max_bytes` or `max_records` the oldest messages of the gateway that holds most are evicted and counted in
    `dropped`: no gateway evicts a message of another one that holds less. The records of an evicted or deleted message
    have the disposition `lost` from then on.
    """

    def __init__(self, path: Path, max_bytes: int, max_records: int) -> None:
        self._path = path
        self._bounds = Bounds(max_bytes, max_records)
        self._without_requests: list[tuple[int, int, int] | None] | None = None
        self._reads_left = 0
        self.dropped = 0
        #: Gateways whose next message would evict one of their own.
        self.full: frozenset[str] = frozenset()
        self._file = QuarantineFile(path)
        self._tries_left = 0
        #: Why the file cannot be written since its last change failed; "" while it can.
        self.error = ""

    def add(
        self,
        refusals: Sequence[RefusedMessage],
        now_ms: int,
        dispositions: Sequence[ledger.DispositionEntry] = (),
        owners: Mapping[str, str] | None = None,
        counts: ledger.GatewayCounts | None = None,
        reports: Sequence[spool_reports.GatewayReport] = (),
    ) -> None:
        """Store messages, dispositions of records, owners of devices, counts and reports of gateways.

        Durable on return. Raises RetryLater with nothing stored.
        """

        def work(connection: sqlite3.Connection) -> int:
            connection.executemany("INSERT OR REPLACE INTO device_owners VALUES (?, ?)", list((owners or {}).items()))
            ledger.add_gateway_counts(connection, counts or {})
            for refusal in refusals:
                insert_message(connection, refusal, now_ms)
            ledger.record_dispositions(connection, dispositions)
            spool_reports.record_reports(connection, reports)
            return self._evict(connection) if refusals else 0

        self.dropped += self._write(work)

    def replay_requests(self, limit: int) -> list[QuarantinedMessage]:
        """Return messages with a requested replay, the oldest first. Raises RetryLater.

        Called every second: a file that has not changed since it had none is read only now and then, in case a change
        came within one tick of the file system's clock.
        """
        state = [_file_state(self._path), _file_state(self._path.with_name(f"{self._path.name}-wal"))]
        if state[0] is None or (state == self._without_requests and self._reads_left > 0):
            self._reads_left -= 1
            return []
        query = f"SELECT {COLUMNS} FROM refused WHERE asked_ms IS NOT NULL ORDER BY id LIMIT ?"  # noqa: S608 - our constant
        with self._file.read() as connection:
            found = [message_of(row) for row in connection.execute(query, (limit,))]
        self._without_requests, self._reads_left = (None if found else state), _MOST_UNREAD
        return found

    def finish_replay(self, message: QuarantinedMessage, refused: Sequence[Refused], number: int | None) -> None:
        """Record the result of a replay after its content was stored; `refused` are the remaining refusals.

        `number` is the replay's in the store, None where nothing was stored. A message without remaining refusals is
        removed. Raises RetryLater.
        """

        def work(connection: sqlite3.Connection) -> None:
            if refused:
                connection.execute(
                    "UPDATE refused SET reason = ?, detail = ?, replays = replays + 1, asked_ms = NULL WHERE id = ?",
                    (refused[0].reason.value, detail_of(refused), message.id),
                )
            else:
                connection.execute("DELETE FROM refused WHERE id = ?", (message.id,))
            records = message.records
            if number is not None and records is not None:
                ranges = ((records.first, records.last),)
                for waiting in (ledger.Disposition.QUARANTINED, ledger.Disposition.REFUSED):
                    entry = ledger.DispositionEntry(records.gateway, records.epoch, waiting, ranges)
                    ledger.remove_disposition(connection, entry)
                replays.record_replay(connection, records, number)

        self._write(work)

    def list(
        self, limit: int = 100, before_id: int | None = None, gateway: str | None = None
    ) -> list[QuarantinedMessage]:
        """Return messages, the newest first; `before_id` continues a list."""
        with self._file.read() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM refused WHERE id < ?1 AND (?3 IS NULL OR gateway = ?3) "  # noqa: S608 - our constant
                "ORDER BY id DESC LIMIT ?2",
                (2**62 if before_id is None else before_id, limit, gateway),
            ).fetchall()
        return [message_of(row) for row in rows]

    def find(self, number: int) -> QuarantinedMessage | None:
        """Return a message by its number, or None."""
        return next((message for message in self.list(1, number + 1) if message.id == number), None)

    def request_replay(self, number: int, now_ms: int) -> bool:
        """Request a replay by the running ingest; return False for an unknown message. From any thread or process."""
        return self._change("UPDATE refused SET asked_ms = ? WHERE id = ?", (now_ms, number))

    def request_replays(self, gateway: str | None, reason: Reason, now_ms: int) -> int:
        """Request the replay of messages with a reason, of a gateway or of all; return how many.

        From any thread or process.
        """
        with self._file.read() as connection, connection:
            return connection.execute(
                "UPDATE refused SET asked_ms = ?1 WHERE (?2 IS NULL OR gateway = ?2) AND reason = ?3",
                (now_ms, gateway, reason.value),
            ).rowcount

    def drop(self, number: int) -> bool:
        """Delete a message; its records are lost. Return False for an unknown one. From any thread or process."""
        with self._file.read() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            return delete_messages(connection, [number]) > 0

    def disposition_counts(self, gateway: str | None = None) -> ledger.CountsByDisposition:
        """Return the counts of records without samples, of one gateway or of all."""
        with self._file.read() as connection:
            return ledger.read_counts(connection, gateway)

    def add_counts(self, counts: ledger.GatewayCounts) -> None:
        """Add to the lasting counts of gateways: durable on return. Raises RetryLater with nothing added."""
        self._write(lambda connection: ledger.add_gateway_counts(connection, counts))

    def gateway_counts(self, gateway: str | None = None) -> dict[str, dict[str, int]]:
        """Return the lasting counts of one gateway, or of all, by gateway and name."""
        with self._file.read() as connection:
            return ledger.read_gateway_counts(connection, gateway)

    def spool_reports(self, gateway: str | None = None) -> dict[str, tuple[SpoolReport, ...]]:
        """Return the reports about their spools of one gateway, or of all, by gateway, in order of arrival."""
        with self._file.read() as connection:
            return spool_reports.read_reports(connection, gateway)

    def device_owners(self) -> dict[str, str]:
        """Return the gateway of each device as it was saved last. Before commits begin; moves a damaged file aside."""
        query = "SELECT device, gateway FROM device_owners"
        return self._read_first(lambda file: dict(file.execute(query).fetchall()), {})

    def take_moved(self, shards: frozenset[int]) -> int:
        """Take what other workers' files in the folder have of the gateways of `shards`; return of how many gateways.

        Before commits begin.
        """
        return take_moved(self._file, self._path, shards)

    def marks(self) -> dict[tuple[str, str], int]:
        """Return how far each spool was committed, as it was saved last. Before commits begin."""
        query = "SELECT gateway, epoch, high_water FROM spool_marks"
        return self._read_first(lambda file: {(row[0], row[1]): row[2] for row in file.execute(query)}, {})

    def save_marks(
        self,
        marks: Mapping[tuple[str, str], int],
        digests: Mapping[tuple[str, str], bytes],
        shortened: Sequence[ledger.DispositionEntry] = (),
    ) -> None:
        """Raise the marks of spools to these, and save their digests and what is missing in them.

        Raises RetryLater with nothing saved.
        """
        statement = (
            "INSERT INTO spool_marks VALUES (?, ?, ?) ON CONFLICT (gateway, epoch) "
            "DO UPDATE SET high_water = max(high_water, excluded.high_water)"
        )

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(statement, [(*spool, mark) for spool, mark in marks.items()])
            connection.execute(_PRUNE.format("spool_marks"), (_MAX_MARKS,))
            replace = "INSERT OR REPLACE INTO spool_digests VALUES (?, ?, ?)"
            connection.executemany(replace, [(*spool, saved) for spool, saved in digests.items() if saved])
            connection.execute(_PRUNE.format("spool_digests"), (_MAX_DIGESTS,))
            ledger.record_dispositions(connection, shortened)

        self._write(work)

    def digests(self) -> dict[tuple[str, str], bytes]:
        """Return the saved digests of the newest records of spools. Before commits begin."""
        query = "SELECT gateway, epoch, digests FROM spool_digests"
        return self._read_first(lambda file: {(row[0], row[1]): row[2] for row in file.execute(query)}, {})

    def note_replaced(
        self, replaced: Mapping[tuple[str, str], Ranges], replay_numbers: Mapping[str, int]
    ) -> dict[tuple[str, str], Ranges]:
        """Add records that a replaced store had, except quarantined and dropped ones; return all that are known.

        `replay_numbers` are those of the store in use: replayed records that it lacks are added. Before commits begin.
        Raises RetryLater with nothing saved.
        """
        if not replaced and not self._path.exists():
            return {}

        def work(connection: sqlite3.Connection) -> dict[tuple[str, str], Ranges]:
            counts = ledger.read_counts(connection)
            elsewhere = (ledger.Disposition.QUARANTINED, ledger.Disposition.REFUSED, ledger.Disposition.DROPPED)
            for (gateway, epoch), ranges in replaced.items():
                known = merge(
                    each
                    for disposition in elsewhere
                    for each in counts.get((gateway, epoch, disposition), Counts()).ranges
                )
                entry = ledger.DispositionEntry(gateway, epoch, ledger.Disposition.REPLACED, subtract(ranges, known))
                ledger.record_dispositions(connection, [entry])
            ledger.record_dispositions(connection, replays.take_lost_replays(connection, replay_numbers))
            return _replaced_in(connection)

        return self._write(work)

    def replaced(self) -> dict[tuple[str, str], Ranges]:
        """Return the records of replaced stores that are known. Before commits begin. Raises RetryLater."""
        return self._read_first(_replaced_in, {})

    def remove_replaced(self, entries: Sequence[ledger.DispositionEntry]) -> None:
        """Remove records of a replaced store that are stored again, each proven the same. Raises RetryLater."""

        def work(connection: sqlite3.Connection) -> None:
            for entry in entries:
                ledger.remove_disposition(connection, entry)

        self._write(work)

    def forget_marks(self, gateway: str) -> None:
        """Delete the marks of a gateway and its loss with an earlier store. From any thread or process."""
        with self._file.read() as connection, connection:
            connection.execute("DELETE FROM spool_marks WHERE gateway = ?", (gateway,))
            connection.execute("DELETE FROM replayed WHERE gateway = ?", (gateway,))
            ledger.forget_disposition(connection, gateway, ledger.Disposition.REPLACED)
            ledger.set_gateway_count(connection, gateway, LOSS_ACCEPTED, 0)

    def station_numbers(self) -> dict[str, int]:
        """Return the numbers of the station by which its books are compared. From any thread or process."""
        with self._file.read() as connection:
            return dict(connection.execute("SELECT station, number FROM station_numbers").fetchall())

    def set_station_number(self, station: str, number: int) -> None:
        """Raise the number of a station. From any thread or process."""
        self._make_file()
        statement = (
            "INSERT INTO station_numbers VALUES (?, ?) ON CONFLICT (station) "
            "DO UPDATE SET number = max(number, excluded.number)"
        )
        with self._file.read() as connection, connection:
            connection.execute(statement, (station, number))

    def accept_loss(self, gateway: str, records: int) -> None:
        """Set how many lost records of a gateway were accepted. From any thread or process."""
        with self._file.read() as connection, connection:
            ledger.set_gateway_count(connection, gateway, LOSS_ACCEPTED, records)

    def note_post(self, receipt: PostReceipt) -> None:
        """Add the receipt of a post to the sums of its login: durable on return. From any thread or process."""
        self._make_file()
        with self._file.read() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            posts.record_receipt(connection, receipt)

    def received_posts(self) -> Sequence[ReceivedPosts]:
        """Return the sums of the receipts of each login. From any thread or process."""
        with self._file.read() as connection:
            return posts.read_posts(connection)

    def take_read(self, number: int) -> bool:
        """Remove a message without record numbers of which all is stored; return False for an unknown one.

        From any thread or process. Its records are no loss; one with numbers leaves by a replay alone.
        """
        return self._change("DELETE FROM refused WHERE id = ? AND epoch IS NULL", (number,))

    def _make_file(self) -> None:
        if not self._path.exists():
            made = QuarantineFile(self._path)
            made.write(lambda _: None)
            made.close()

    def count(self) -> int:
        """Return the number of quarantined messages."""
        with self._file.read() as connection:
            return int(connection.execute("SELECT count(*) FROM refused").fetchone()[0])

    @property
    def path(self) -> Path:
        """Path of the file; notes on what was lost are beside it."""
        return self._path

    @property
    def damaged_files(self) -> int:
        """Number of damaged files that were moved aside since the start."""
        return self._file.damaged

    @property
    def restored_files(self) -> int:
        """Number of times that the file was written again since the start."""
        return self._file.restored

    def keep_file(self) -> None:
        """Write the file again where it was deleted or replaced, and move a damaged one aside. Raises RetryLater."""
        try:
            self._file.keep()
        except RetryLater as error:
            self.error = str(error)
            raise
        if self.error:
            self._write_nothing()
        if self.full:
            self.full = self._write(lambda connection: find_full(measure(connection), self._bounds))

    def close(self) -> None:
        """Close the connection; the next change opens it again."""
        self._file.close()

    def _read_first(self, work: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """Return what the file says before commits begin; `nothing` without one.

        A damaged file is moved aside; one that cannot be written is read as it is. Raises QuarantineUnavailable.
        """
        if not self._path.exists():
            return nothing
        try:
            return self._write(work)
        except QuarantineUnavailable:
            with self._file.read_as_it_is() as connection:
                return work(connection)

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            result = self._file.write(work)
        except RetryLater as error:
            self.error = str(error)
            raise
        self.error = ""
        return result

    def _write_nothing(self) -> None:
        """Look, after a failure, whether the file can be written again: at every fifth call, as it may wait long."""
        self._tries_left = self._tries_left - 1 if self._tries_left else _TRY_EVERY - 1
        if self._tries_left == 0:
            self._write(QuarantineFile.touch)

    def _evict(self, connection: sqlite3.Connection) -> int:
        shares = measure(connection)
        self.full = find_full(shares, self._bounds)
        return evict(connection, shares, self._bounds)

    def _change(self, statement: str, values: Sequence[int]) -> bool:
        with self._file.read() as connection, connection:
            return connection.execute(statement, values).rowcount > 0


def _replaced_in(connection: sqlite3.Connection) -> dict[tuple[str, str], Ranges]:
    return {
        (gateway, epoch): of_it.ranges
        for (gateway, epoch, disposition), of_it in ledger.read_counts(connection).items()
        if disposition is ledger.Disposition.REPLACED
    }


def _file_state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
