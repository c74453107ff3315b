"""Tables as CSV, Parquet or Arrow, written slice by slice.

Every format has the same columns and the same rows. Memory is bounded by a slice, however long the table is.
"""

from __future__ import annotations

import csv
import io
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from headland.runtime.cancellation import check_cancelled
from headland.store.duckdb.connection import ConnectionSettings, open_database

#: instant: epoch ms, written as a time in UTC; number: NaN for a missing value; the others are never missing.
Kind = Literal["integer", "instant", "number", "text", "truth"]
#: A numpy array, or one value for all rows.
Cells = NDArray[Any] | str | bool | int | float
Slice = Mapping[str, Cells]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CHUNK_BYTES: Final = 256 * 1024
#: Memory for collecting a Parquet file; more rows go to a temporary file.
_MEMORY: Final = "48MB"
#: Values of a row group of a Parquet file, which is in memory while it is written, and its most rows.
_GROUP_VALUES: Final = 1_500_000
_GROUP_ROWS: Final = 122_880
#: One Parquet file is collected at a time: each has a database of its own.
_COLLECTING: Final = threading.Semaphore()
_SQL: Final[dict[Kind, str]] = {
    "integer": "BIGINT", "instant": "BIGINT", "number": "DOUBLE", "text": "VARCHAR", "truth": "BOOLEAN",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table; `name` is its file name without an ending. Each slice has every column."""

    name: str
    columns: Mapping[str, Kind]
    slices: Iterator[Slice]


def write_csv(table: DataTable) -> Iterator[bytes]:
    """Yield a table as CSV (RFC 4180, UTF-8); an empty cell for a missing number."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    for rows in table.slices:
        check_cancelled()
        count = _count(rows)
        cells = [_words(kind, rows[name], count) for name, kind in table.columns.items()]
        writer.writerows(zip(*cells, strict=True))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()  # a table without rows: the column names


def write_parquet(table: DataTable) -> Iterator[bytes]:
    """Yield a table as a Parquet file (zstd); null for a missing number.

    The rows are collected in a temporary folder first, because a Parquet file has its directory at the end. Meanwhile
    other files wait.
    """
    slots = {name: f"c{slot}" for slot, name in enumerate(table.columns)}
    columns = ", ".join(f"{slots[name]} {_SQL[kind]}" for name, kind in table.columns.items())
    present = ", ".join(
        f"CASE WHEN isnan({slots[name]}) THEN NULL ELSE {slots[name]} END" if kind == "number" else slots[name]
        for name, kind in table.columns.items()
    )
    written = ", ".join(
        f"{f'make_timestamptz({slots[name]} * 1000)' if kind == 'instant' else slots[name]} AS {_quoted(name)}"
        for name, kind in table.columns.items()
    )
    group_rows = min(_GROUP_ROWS, _GROUP_VALUES // len(slots) // 2048 * 2048)
    with tempfile.TemporaryDirectory(prefix="headland-table-") as folder:
        path = Path(folder) / "table.parquet"
        settings: ConnectionSettings = {
            "memory_limit": _MEMORY,
            "threads": 1,
            "allocator_flush_threshold": "4MB",
            "allocator_bulk_deallocation_flush_threshold": "16MB",
        }
        with _collecting(), open_database(Path(folder) / "rows.duckdb", settings) as database:
            database.execute(f"CREATE TABLE collected ({columns})")
            for rows in table.slices:
                check_cancelled()
                count = _count(rows)
                arrays = {slots[name]: _array(kind, rows[name], count) for name, kind in table.columns.items()}
                database.register("slice_in", arrays)
                database.execute(f"INSERT INTO collected SELECT {present} FROM slice_in")  # noqa: S608 - only our own names
                database.unregister("slice_in")
            target = _quoted(str(path), mark="'")
            options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group_rows}"
            database.execute(f"COPY (SELECT {written} FROM collected) TO {target} ({options})")  # noqa: S608 - names are quoted
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


@contextmanager
def _collecting() -> Iterator[None]:
    """Run the block while no other file is collected; the wait can be cancelled."""
    while not _COLLECTING.acquire(timeout=0.1):
        check_cancelled()
    try:
        yield
    finally:
        _COLLECTING.release()


def write_arrow(table: DataTable) -> Iterator[bytes]:
    """Yield a table as an Arrow IPC stream, a record batch for each slice; null for a missing number."""
    import nanoarrow
    from nanoarrow.ipc import StreamWriter

    schema = nanoarrow.struct({name: _arrow_kind(kind) for name, kind in table.columns.items()}, nullable=False)
    sink = io.BytesIO()
    writer = StreamWriter.from_writable(sink)
    writer.write_stream(nanoarrow.c_array_stream(nanoarrow.c_array_from_buffers(schema, 0, [None], children=[
        _arrow_column(kind, np.empty(0, _DTYPES[kind])) for kind in table.columns.values()
    ])))  # fmt: skip
    for rows in table.slices:
        check_cancelled()
        count = _count(rows)
        columns = [_arrow_column(kind, _array(kind, rows[name], count)) for name, kind in table.columns.items()]
        writer.write_array(nanoarrow.c_array_from_buffers(schema, count, [None], null_count=0, children=columns))
        yield sink.getvalue()
        sink.seek(0)
        sink.truncate()
    writer.close()
    yield sink.getvalue()


_DTYPES: Final[dict[Kind, Any]] = {
    "integer": np.int64, "instant": np.int64, "number": np.float64, "text": object, "truth": np.bool_,
}  # fmt: skip


def _count(rows: Slice) -> int:
    return next(len(cells) for cells in rows.values() if isinstance(cells, np.ndarray))


def _array(kind: Kind, cells: Cells, count: int) -> NDArray[Any]:
    if isinstance(cells, np.ndarray):
        return np.ascontiguousarray(cells, _DTYPES[kind])
    return np.full(count, cells, _DTYPES[kind])


def _words(kind: Kind, cells: Cells, count: int) -> list[Any]:
    """Return the CSV cells of a column; None is an empty cell."""
    if not isinstance(cells, np.ndarray):
        return _words(kind, np.array([cells], _DTYPES[kind]), 1) * count
    if kind == "instant":
        cells = np.datetime_as_string(cells.astype("datetime64[ms]"), timezone="UTC")
    values: list[Any] = cells.tolist()
    match kind:
        case "number":
            return [None if value != value else value for value in values]
        case "truth":
            return [str(value).lower() for value in values]
        case "text":
            return [_plain(text) for text in values]
        case _:
            return values


def _plain(text: str) -> str:
    """Return a text that no spreadsheet interprets as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _arrow_kind(kind: Kind) -> Any:
    import nanoarrow

    match kind:
        case "integer":
            return nanoarrow.int64(nullable=False)
        case "instant":
            return nanoarrow.timestamp("ms", "UTC", nullable=False)
        case "number":
            return nanoarrow.float64()
        case "text":
            return nanoarrow.string(nullable=False)
        case "truth":
            return nanoarrow.bool_(nullable=False)


def _arrow_column(kind: Kind, cells: NDArray[Any]) -> Any:
    import nanoarrow

    count, missing = len(cells), 0
    valid: Any = None
    if kind == "number":
        present = ~np.isnan(cells)
        missing = count - int(present.sum())
        valid = np.packbits(present, bitorder="little") if missing else None
    buffers: list[Any]
    if kind == "truth":
        buffers = [valid, np.packbits(cells, bitorder="little")]
    elif kind == "text":
        texts = [text.encode() for text in cells.tolist()]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        buffers = [valid, ends, b"".join(texts)]
    else:
        buffers = [valid, cells]
    return nanoarrow.c_array_from_buffers(_arrow_kind(kind), count, buffers, null_count=missing)


def _quoted(text: str, mark: str = '"') -> str:
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
