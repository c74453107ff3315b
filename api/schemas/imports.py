"""Request and response models of file imports."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
#: A larger file is imported on the station's machine.
MOST_FILE_BYTES = 2 * 1024**3

ImportState = Literal["receiving", "needs_map", "needs_start", "queued", "running", "done", "failed"]
_Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class NewImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to import: its name and size; the parts follow."""

    EXAMPLE: ClassVar = {"name": "flight.bin", "bytes": 12_582_912}

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    bytes: Annotated[int, Meta(ge=1, le=MOST_FILE_BYTES)]


class FileDigest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's SHA-256, which the received bytes must have."""

    EXAMPLE: ClassVar = {"sha256": "9f86d081" * 8}

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class TimeColumnChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The column of the time, its format and its zone."""

    column: Annotated[str, Meta(min_length=1, max_length=200)]
    format: Annotated[
        str,
        Meta(min_length=1, max_length=64),
        "iso8601, epoch_s, epoch_ms, excel_days, or strptime's.",
    ]
    zone: Annotated[str, Meta(min_length=1, max_length=64), "UTC, +08:00, or a zone's name."]


class ColumnChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that is imported: its quantity, and the unit of its cells."""

    column: Annotated[str, Meta(min_length=1, max_length=200)]
    channel: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*(:[0-9]{1,3})?$", max_length=100)]
    unit: Annotated[str, Meta(min_length=1, max_length=32)] = "1"


class TableChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns of a table are. Each is the time, a quantity with its unit, or named in `ignored`."""

    EXAMPLE: ClassVar = {
        "device": "house-7",
        "time": {"column": "Time", "format": "iso8601", "zone": "Asia/Shanghai"},
        "columns": [{"column": "Air [F]", "channel": "air_temperature_degc", "unit": "degF"}],
        "ignored": ["Remark"],
    }

    device: Annotated[str, Meta(pattern=NAME_PATTERN), "A device that exists, or the id of a new one."]
    kind: Annotated[str, Meta(pattern=NAME_PATTERN), "Kind of a new device."] = "greenhouse"
    site: Annotated[str, Meta(pattern=NAME_PATTERN), "Site of a new device."] = "home"
    time: TimeColumnChoice
    columns: Annotated[list[ColumnChoice], Meta(min_length=1, max_length=200)]
    ignored: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=200)] = []
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "latin-1", "windows-1252", "gb18030"] = "utf-8"
    missing: Annotated[
        tuple[Annotated[str, Meta(max_length=32)], ...],
        Meta(max_length=20),
        "Texts of a missing value.",
    ] = ("NaN", "nan", "NA", "N/A", "null")


class ImportChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file does not say by itself: the columns of a table, or when a log without satellite time began."""

    EXAMPLE: ClassVar = {"start_ms": EXAMPLE_MS}

    table: TableChoice | None = None
    start_ms: Annotated[_Instant | None, "Instant of the log's first message."] = None


class ImportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: reading is the first half, storing the second."""

    phase: Literal["reading", "storing", "waiting"]
    fraction: Annotated[float, Meta(ge=0, le=1)]
    left_s: Annotated[float | None, "Seconds until the end; null near the beginning."]
    records_total: Annotated[int, "Records in the import's spool so far."]
    records_acked: Annotated[int, "Records of them that are in the store."]
    waiting_for: Annotated[str, "What is waited for, in English; empty where nothing is."] = ""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, cells or messages that were left out, or samples that a quality test flagged, for one reason."""

    reason: Annotated[str, Meta(extra_json_schema={"example": "undated_rows"})]
    count: int
    text: Annotated[str, "The reason in the language of the request."]


class RefusedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A refused cell of a table; the whole row where `column` is empty."""

    line: int
    column: str
    reason: str
    text: Annotated[str, "The reason in the language of the request."]
    cell: Annotated[str, "The cell's text."]


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported, and what was not. Every record of `gateway` in `epochs` is in its delivery."""

    messages: Annotated[int, "Messages of a log that were read."]
    rows: int
    points: Annotated[int, "Samples."]
    events: int
    devices: list[str]
    first_ms: int | None
    last_ms: int | None
    left_out: list[LeftOut]
    flagged: list[LeftOut]
    refused: Annotated[list[RefusedCell], "The first refused cells of a table."]
    gaps: Annotated[int, "Silences of a vehicle of more than 1.5 s."]
    gaps_ms: int
    dropouts: Annotated[int, "Losses that the vehicle's logger reports."]
    dropouts_ms: int
    notes: Annotated[list[str], "Sentences about the whole file."]
    gateway: str
    epochs: Annotated[list[str], "Epochs of the spool that sent the records."]
    quarantined: Annotated[int | None, "Messages of it that ingest refused; null where unknown."]


class FileImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import of a file: received in parts, then read and stored by the gateway's own steps."""

    id: str
    name: str
    bytes: int
    kind: Annotated[Literal["log", "table"] | None, "By the content; null before it is whole."]
    state: ImportState
    by: str
    created_ms: int
    changed_ms: int
    part_bytes: Annotated[int, "Size of each part but the last."]
    parts: Annotated[list[int], "Parts that are here, counted from 1."]
    device: Annotated[str | None, "Device of a table."] = None
    start_ms: int | None = None
    progress: ImportProgress | None = None
    result: ImportResult | None = None
    error: Annotated[str | None, "Why nothing was imported, in the language of the request."] = None


class FileImportList(msgspec.Struct, frozen=True, kw_only=True):
    """Imports, the newest first. `free_bytes` is how much may still be handed over."""

    items: list[FileImport]
    free_bytes: int
    next: None


class TableColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a table; `channel` where its name is one, `unit` where one stands behind its name."""

    name: str
    channel: str
    unit: str


class QuantityChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity that a column can be, with the units that convert to its own, which is the first."""

    channel: str
    units: list[str]


class TablePreview(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a table, and the quantities that its columns can be."""

    encoding: str
    is_utf8: Annotated[bool, "False: the encoding is assumed. Look at the letters."]
    delimiter: str
    columns: list[TableColumn]
    rows: list[list[str]]
    quantities: list[QuantityChoice]


class ConvertedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it will be stored; null where a cell is empty or refused."""

    time_ms: int
    values: dict[str, float | None]


class ConvertedTable(msgspec.Struct, frozen=True, kw_only=True):
    """What the choices make of a table's first rows."""

    rows: list[ConvertedRow]
    refused: list[RefusedCell]
    gateway: Annotated[str, "The gateway whose device it becomes or is."]
    is_new: Annotated[bool, "The device does not exist yet."]
