"""Salvage of records that SQLite no longer finds: behind a damaged frame of the log, or in a damaged file."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from edge.spool.salvage.pages import PageOf, Value, leaf_rows, page_size_of, read_transactions
from edge.spool.schema import URGENT
from headland.contract.codec import MAX_SEQ, decode_batch
from headland.contract.refusals import Refused

_LOGGER = logging.getLogger(__name__)

#: A larger file (1 GB) is not searched: appending would wait for minutes.
_MOST_PAGES: Final = 262_144

Row = tuple[int, int, int, int, int, int, int, bytes]


class Choice(Protocol):
    """What to look for."""

    def accepts(self, row: Row) -> bool:
        """Return whether `row` is looked for, whole and unchanged."""
        ...


@dataclass(frozen=True, slots=True)
class Above:
    """Rows above `row` to look for, where it is not known which were in use."""

    row: int

    def accepts(self, row: Row) -> bool:
        """Return whether `row` is one of these, whole: its message has a checksum."""
        number, first, *_, size, payload = row
        is_wanted = number > self.row and 0 < first <= number <= MAX_SEQ and size == len(payload)
        return is_wanted and not isinstance(decode_batch(payload), Refused)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows to look for: those of the numbers `missing`, as (first, last), of `epoch`. The others: `SpoolTotals`."""

    epoch: str
    missing: Collection[tuple[int, int]]
    base: int
    stale_upto: int

    def accepts(self, row: Row) -> bool:
        """Return whether `row` is one of these, whole and unchanged: its message has a checksum and its number."""
        number, first, *_, size, payload = row
        seq = number - self.base
        if size != len(payload) or not any(low <= seq <= high for low, high in self.missing):
            return False
        decoded = decode_batch(payload)
        if isinstance(decoded, Refused) or first > number:
            return False
        batch = decoded.batch
        stated = (batch.epoch, batch.seq, batch.seq if batch.first is None else batch.first)
        return number <= self.stale_upto or stated == (self.epoch, seq, first - self.base)


def salvage(file: Path, log: Path, wanted: Choice, *, log_only: bool = False) -> Iterator[Row]:
    """Yield the wanted rows that are in a spool's log or file, perhaps more than once. Raises OSError."""
    logged = log.read_bytes() if log.exists() else b""
    with file.open("rb") as pages_on_disk:
        size = page_size_of(pages_on_disk.read(100)) or 4096
        written: dict[int, bytes] = {}

        def page_of(number: int) -> bytes:
            if number in written:
                return written[number]
            pages_on_disk.seek((number - 1) * size)
            page = pages_on_disk.read(size)
            if number < 1 or len(page) != size:
                raise LookupError(number)
            return page

        for transaction in read_transactions(logged, size):
            written.update(transaction)
            for number, page in transaction.items():
                yield from _rows(page, number, wanted, page_of)
        if log_only:
            return
        count = file.stat().st_size // size
        if count > _MOST_PAGES:
            _LOGGER.warning("%s is too large to be searched for missing records: only its log was", file)
            return
        for number in range(1, count + 1):
            pages_on_disk.seek((number - 1) * size)
            yield from _rows(pages_on_disk.read(size), number, wanted, page_of)


def _rows(page: bytes, number: int, wanted: Choice, page_of: PageOf) -> Iterator[Row]:
    for rowid, columns in leaf_rows(page, number, page_of):
        row = _row_of(rowid, columns)
        if row is not None and wanted.accepts(row):
            yield row


def _row_of(rowid: int, columns: list[Value]) -> Row | None:
    """Return the columns as a row of `records`; None where they are not one."""
    if len(columns) != 8:
        return None
    _, first, kind, points, oldest_ms, newest_ms, size, payload = columns
    if not isinstance(payload, bytes):
        return None
    numbers = [value for value in (first, kind, points, oldest_ms, newest_ms, size) if isinstance(value, int)]
    if len(numbers) != 6 or not 0 <= numbers[1] <= URGENT:
        return None
    first_row, kind_of, points_in, oldest, newest, payload_bytes = numbers
    return rowid, first_row, kind_of, points_in, oldest, newest, payload_bytes, payload
