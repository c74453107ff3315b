"""Records of an ESRI shapefile by pyshp: each shape with its attributes, texts in the encoding that they are in."""

from __future__ import annotations

import io
import struct
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import shapefile

from headland.errors import DataDamaged
from headland.files.text_encoding import TextEncoding, declared_encoding, decode, settle_encoding

T = TypeVar("T")

_KEEP_BYTES: Final = "surrogateescape"
_HEADER_BYTES: Final = 32
_ERRORS: Final = (
    shapefile.ShapefileException, struct.error, LookupError, ValueError, OSError, ArithmeticError,
)  # fmt: skip


@dataclass(slots=True)
class ShapefileRecords(Generic[T]):
    """Shapes and attributes in the file's order; what could not be read is counted in `lost`."""

    shapes: list[tuple[T, dict[str, Any]]]
    columns: tuple[str, ...]
    encoding: TextEncoding
    kind: str
    lost: Counter[str] = field(default_factory=Counter)


def read_records(
    shp: bytes,
    dbf: bytes | None,
    cpg: bytes | None,
    take: Callable[[shapefile.Shape], T],
    *,
    numbers_as_text: bool = False,
    most: int | None = None,
) -> ShapefileRecords[T]:
    """Return the records of a shapefile, up to one more than `most`, with what `take` makes of their shapes.

    A damaged record is left out and counted: `cut`, `deleted`, `unknown_shape`; a cell whose bytes are no text is None,
    and counted: `unreadable_text`. With `numbers_as_text` all cells are
    texts, as they are in the file. Raises DataDamaged where the file has no readable head.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubtful headers show in the data
        try:
            shapes = shapefile.ShpReader(io.BytesIO(shp))
            kind = shapes.shapeTypeName.lower()
            table = None if dbf is None else _open_table(dbf, numbers_as_text)
        except _ERRORS as error:
            raise DataDamaged(f"The shapefile cannot be read ({error}): export it anew") from error
        lost: Counter[str] = Counter()
        raw = _read(shapes, table, take, lost, most)
    columns = [] if table is None else [each.name for each in table.data_fields]
    values = (value for _, record in raw for value in record.values() if isinstance(value, str))
    texts = [_bytes_of(text) for text in (*columns, *values) if not text.isascii()]
    driver = dbf[29] if dbf is not None and len(dbf) > 29 else None
    encoding = settle_encoding(texts, declared_encoding(cpg, driver))
    if texts:
        names = {name: _decoded(name, encoding) for name in columns}
        if None in names.values():
            raise DataDamaged("The names of its columns are text in no known encoding: export it anew, in UTF-8")
        columns = [str(names[name]) for name in columns]
        for _, record in raw:
            _decode_cells(record, names, encoding, lost)
    return ShapefileRecords(raw, tuple(columns), encoding, kind, lost)


def _decode_cells(
    record: dict[str, Any], names: dict[str, str | None], encoding: TextEncoding, lost: Counter[str]
) -> None:
    """Decode the names and texts of a record in their place."""
    raw = dict(record)
    record.clear()
    for name, value in raw.items():
        text = _decoded(value, encoding) if isinstance(value, str) else value
        lost["unreadable_text"] += text is None and value is not None
        record[str(names[name])] = text


def _open_table(dbf: bytes, numbers_as_text: bool) -> shapefile.DbfReader:
    if numbers_as_text and len(dbf) >= _HEADER_BYTES:
        head = int.from_bytes(dbf[8:10], "little")
        as_text = bytearray(dbf)
        for at in range(_HEADER_BYTES, min(head - 1, len(dbf) - 12), 32):
            as_text[at + 11] = ord("C")
        dbf = bytes(as_text)
    # Bytes beyond ASCII are kept as they are until all of them are seen.
    return shapefile.DbfReader(io.BytesIO(dbf), encoding="ascii", encodingErrors=_KEEP_BYTES)


def _read(
    shapes: shapefile.ShpReader,
    table: shapefile.DbfReader | None,
    take: Callable[[shapefile.Shape], T],
    lost: Counter[str],
    most: int | None,
) -> list[tuple[T, dict[str, Any]]]:
    found: list[tuple[T, dict[str, Any]]] = []
    try:
        for number, (start, length, _) in enumerate(shapes.headers_gen()):
            if most is not None and len(found) > most:
                break
            # A length below that of the kind leads back to where it was read.
            if length < 4 or start + 8 + length > shapes.file_size_B:
                lost["cut"] += 1
                break
            try:
                shape = take(shapes.shape(number, start, length))
            except _ERRORS:
                lost["unknown_shape"] += 1
                continue
            try:
                record = None if table is None else table.record(number)
            except _ERRORS:
                lost["cut"] += 1
                continue
            if table is not None and record is None:
                lost["deleted"] += 1
                continue
            found.append((shape, {} if record is None else record.as_dict()))
    except struct.error:
        lost["cut"] += 1
    return found


def _decoded(text: str, encoding: TextEncoding) -> str | None:
    """Return a text without its padding; None for bytes that are no text in the encoding."""
    if not text.isascii():
        text = decode(_bytes_of(text), encoding.name)
    return None if "\N{REPLACEMENT CHARACTER}" in text else text.strip(" \0")


def _bytes_of(text: str) -> bytes:
    return text.encode("ascii", _KEEP_BYTES)
