"""Pages of an SQLite file and its log, read without SQLite: where it sees the end of the log, there may be more.

Layouts: https://www.sqlite.org/fileformat2.html, sections 1.3 (database header), 1.6 (b-tree pages), 2.1 (records) and
4.1 (log). Pure, from bytes; whatever does not fit the layout is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final

_LOG_HEADER_BYTES: Final = 32
_FRAME_HEADER: Final = Struct(">II8sII")  # page number, pages after the commit or 0, salts, checksum
_LEAF: Final = 0x0D
#: Sizes of the integer types 0 to 6 of a record; 7 is a float, 8 and 9 are the numbers 0 and 1.
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)

PageOf = Callable[[int], bytes]
Value = int | bytes | None


def page_size_of(header: bytes) -> int:
    """Return the page size in a database header; 0 where it has none."""
    if not header.startswith(b"SQLite format 3\0") or len(header) < 18:
        return 0
    size = int.from_bytes(header[16:18], "big")
    return 65_536 if size == 1 else size


def read_transactions(log: bytes, page_bytes: int) -> Iterator[dict[int, bytes]]:
    """Yield the pages that each commit in a log wrote, by number, also behind a damaged frame.

    Last come those of a commit whose end was cut off; what is missing of the last one is filled with zeros.

    Frames of earlier logs in the same file are known by their salts; the salts of most frames count, since those in the
    header may be damaged themselves.
    """
    step = _FRAME_HEADER.size + page_bytes
    starts = range(_LOG_HEADER_BYTES, len(log) - _FRAME_HEADER.size, step)
    heads = [_FRAME_HEADER.unpack_from(log, start) for start in starts]
    stated = log[16:24]
    salts = Counter(head[2] for head in heads)
    current = stated if stated in salts else next((salt for salt, _ in salts.most_common(1)), stated)
    pages: dict[int, bytes] = {}
    for start, (number, commit_pages, salt, _, _) in zip(starts, heads, strict=True):
        if salt != current:
            continue
        pages[number] = log[start + _FRAME_HEADER.size : start + step].ljust(page_bytes, b"\0")
        if commit_pages:
            yield pages
            pages = {}
    if pages:
        yield pages


def leaf_rows(page: bytes, number: int, page_of: PageOf) -> Iterator[tuple[int, list[Value]]]:
    """Yield (rowid, columns) of the rows on a leaf of a table; none from any other page.

    `page_of` returns other pages, for what does not fit on this one, and raises LookupError.
    """
    at = 100 if number == 1 else 0
    if len(page) < at + 8 or page[at] != _LEAF:
        return
    cells = int.from_bytes(page[at + 3 : at + 5], "big")
    for index in range(min(cells, len(page) // 4)):
        pointer = at + 8 + 2 * index
        try:
            yield _row(page, int.from_bytes(page[pointer : pointer + 2], "big"), page_of)
        except (IndexError, LookupError, ValueError):
            continue


def _row(page: bytes, at: int, page_of: PageOf) -> tuple[int, list[Value]]:
    size, at = _varint(page, at)
    rowid, at = _varint(page, at)
    usable = len(page)
    if size > 2**30:
        raise ValueError("no record is so large")
    local = size
    if size > usable - 35:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= usable - 35 else least
    body = bytearray(page[at : at + local])
    following = int.from_bytes(page[at + local : at + local + 4], "big") if local < size else 0
    while len(body) < size:
        if not following:
            raise ValueError("the record is cut short")
        more = page_of(following)
        following = int.from_bytes(more[:4], "big")
        body += more[4 : 4 + size - len(body)]
    return rowid, _columns(bytes(body))


def _columns(record: bytes) -> list[Value]:
    header_bytes, at = _varint(record, 0)
    values: list[Value] = []
    start = header_bytes
    while at < header_bytes:
        kind, at = _varint(record, at)
        if kind in (8, 9):
            values.append(kind - 8)
            continue
        size = _INTEGER_BYTES[kind] if kind < 7 else 8 if kind == 7 else (kind - 12) // 2
        part = record[start : start + size]
        if len(part) != size or size < 0:
            raise ValueError("a column is cut short")
        values.append(None if kind == 0 else int.from_bytes(part, "big", signed=True) if kind < 7 else part)
        start += size
    return values


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to nine bytes and where it ends."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
