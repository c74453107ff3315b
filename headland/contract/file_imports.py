"""Imports of files as a station answers them: what is chosen for a file, how far its import is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

_NAME: Final = Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")

#: Layouts of tables: headings and rows, or as loggers and weather stations write them.
TableLayout = Literal["headings", "toa5", "weewx", "weewx_archive", "weatherlink", "airdata", "flight_reader"]

ImportState = Literal["receiving", "needs_map", "needs_start", "queued", "running", "done", "failed"]
#: Texts of a missing value in tables that people make.
MISSING_TEXTS: Final = ("NaN", "nan", "NA", "N/A", "null", "-", "--")
_Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class TimeColumnChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The column of the time, its format and its zone."""

    column: Annotated[str, Meta(min_length=1, max_length=200), "Heading of the column."]
    format: Annotated[
        str,
        Meta(min_length=1, max_length=64),
        "iso8601, epoch_s, epoch_ms, excel_days, or strptime's.",
    ]
    zone: Annotated[str, Meta(min_length=1, max_length=64), "UTC, +08:00, or a zone's name."]


class ColumnChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that is imported: its quantity, and the unit of its cells."""

    column: Annotated[str, Meta(min_length=1, max_length=200), "Heading of the column."]
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

    device: Annotated[str, _NAME, "A device that exists, or the id of a new one."]
    kind: Annotated[str, _NAME, "Kind of a new device."] = "greenhouse"
    site: Annotated[str, _NAME, "Site of a new device."] = "home"
    time: Annotated[TimeColumnChoice, "Column of the time."]
    columns: Annotated[list[ColumnChoice], Meta(min_length=1, max_length=200), "Columns that are imported."]
    ignored: Annotated[
        list[Annotated[str, Meta(max_length=200)]], Meta(max_length=200), "Headings of columns that are left out."
    ] = []
    delimiter: Annotated[str, Meta(min_length=1, max_length=1), "Character between cells."] = ","
    decimal: Annotated[Literal[".", ","], "Decimal mark of numbers."] = "."
    encoding: Annotated[Literal["utf-8", "latin-1", "windows-1252", "gb18030"], "Encoding of the text."] = "utf-8"
    lines_before: Annotated[int, Meta(ge=0, le=50), "Lines above the headings."] = 0
    lines_below: Annotated[int, Meta(ge=0, le=50), "Lines between the headings and the first row, such as units."] = 0
    missing: Annotated[
        tuple[Annotated[str, Meta(max_length=32)], ...],
        Meta(max_length=20),
        "Texts of a missing value.",
    ] = ("NaN", "nan", "NA", "N/A", "null")
    coordinates: Annotated[
        Literal["WGS-84", "GCJ-02", "BD-09"],
        "System of its longitudes and latitudes; those of Chinese maps (GCJ-02 of Amap and Tencent, BD-09 of Baidu) "
        "are converted to WGS84.",
    ] = "WGS-84"
    layout: Annotated[TableLayout, "As the preview has it; lines above and below are those of the layout."] = "headings"


class ImportChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file does not say by itself: the columns of a table, or when a log without satellite time began."""

    EXAMPLE: ClassVar = {"start_ms": 1_795_507_200_000}

    table: Annotated[TableChoice | None, "Columns of a table; null for a log."] = None
    start_ms: Annotated[_Instant | None, "Instant of the log's first message."] = None


class ImportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: reading is the first half, storing the second."""

    phase: Annotated[Literal["reading", "storing", "waiting"], "What is being done."]
    fraction: Annotated[float, Meta(ge=0, le=1), "Share of the whole import that is done."]
    left_s: Annotated[float | None, "Seconds until the end; null near the beginning."]
    records_total: Annotated[int, "Records in the import's spool so far."]
    records_acked: Annotated[int, "Records of them that are in the store."]
    waiting_for: Annotated[str, "What is waited for, in English; empty where nothing is."] = ""


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, cells or messages that were left out, or samples that a quality test flagged, for one reason."""

    reason: Annotated[str, Meta(extra_json_schema={"example": "undated_rows"}), "Name of the reason."]
    count: Annotated[int, "How many."]
    text: Annotated[str, "The reason in the language of the request."]


class RefusedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A refused cell of a table; the whole row where `column` is empty."""

    line: Annotated[int, "Number of the line in the file."]
    column: Annotated[str, "Heading of the column; empty for the whole row."]
    reason: Annotated[str, "Name of the reason."]
    text: Annotated[str, "The reason in the language of the request."]
    cell: Annotated[str, "The cell's text."]


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported, and what was not. Every record of `gateway` in `epochs` is in its delivery."""

    messages: Annotated[int, "Messages of a log that were read."]
    rows: Annotated[int, "Rows of a table that were read."]
    points: Annotated[int, "Samples."]
    events: Annotated[int, "Events."]
    devices: tuple[str, ...]
    first_ms: int | None
    last_ms: int | None
    left_out: tuple[ReasonCount, ...]
    flagged: Annotated[tuple[ReasonCount, ...], "Samples that quality tests flagged, by test."]
    refused: Annotated[tuple[RefusedCell, ...], "The first refused cells of a table."]
    gaps: Annotated[int, "Silences of a vehicle of more than 1.5 s."]
    gaps_ms: Annotated[int, "Length of the silences together, in milliseconds."]
    dropouts: Annotated[int, "Losses that the vehicle's logger reports."]
    dropouts_ms: Annotated[int, "Length of the losses together, in milliseconds."]
    notes: Annotated[tuple[str, ...], "Sentences about the whole file."]
    gateway: str
    epochs: Annotated[tuple[str, ...], "Epochs of the spool that sent the records."]
    quarantined: Annotated[int | None, "Messages of it that ingest refused; null where unknown."]


class FileImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import of a file: received in parts, then read and stored by the gateway's own steps."""

    id: str
    name: str
    bytes: int
    kind: Annotated[Literal["log", "table"] | None, "By the content; null before it is whole."]
    state: Annotated[ImportState, "What is waited for, or how it ended."]
    by: Annotated[str, "Key or person that began it, by name."]
    created_ms: int
    changed_ms: int
    part_bytes: Annotated[int, "Size of each part but the last."]
    parts: Annotated[tuple[int, ...], "Parts that are here, counted from 1."]
    device: Annotated[str | None, "Device of a table."] = None
    start_ms: int | None = None
    progress: Annotated[ImportProgress | None, "How far it is; null before and after."] = None
    result: Annotated[ImportResult | None, "What was imported; null before the end."] = None
    error: Annotated[str | None, "Why nothing was imported, in the language of the request."] = None


class PastProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the simulated past of this farm's greenhouses is: its days are written, then stored."""

    phase: Annotated[
        Literal["waiting", "writing", "storing", "stopped"],
        "What is being done; waiting before its making began, stopped where nothing is told any more.",
    ]
    fraction: Annotated[float, Meta(ge=0, le=1), "Share of the whole that is done."]
    left_s: Annotated[
        float | None, "Seconds from `told_ms` until all of it is stored, by measured pace; null before there is one."
    ]
    told_ms: Annotated[int, "When this was told."]
    start_ms: Annotated[int, "The first instant of it."]
    days_written: Annotated[float, "Days that are written, each compartment's counted by itself."]
    days_total: Annotated[float, "Days of the whole."]


class FileImportList(msgspec.Struct, frozen=True, kw_only=True):
    """Imports, the newest first. `free_bytes` is how much may still be handed over."""

    items: tuple[FileImport, ...]
    free_bytes: int
    next: None
    past: Annotated[PastProgress | None, "A simulated past that is being made; null where none is."] = None


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column of a table; `channel` where its name is one, `unit` where one stands behind its name."""

    name: str
    channel: str
    unit: str


class QuantityChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity that a column can be, with the units that convert to its own, which is the first."""

    channel: str
    units: Annotated[tuple[str, ...], "Units that convert to its own, which is the first."]


class ProposedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """What a column probably is: nothing of it is used before somebody has confirmed it."""

    name: Annotated[str, "Heading of the column."]
    channel: Annotated[str, "By its name and its cells; empty where neither says."] = ""
    unit: Annotated[str, "Behind its name, else the first in which every cell is possible; empty where none is."] = ""
    is_unit_stated: Annotated[bool, "Whether the name states the unit, or the quantity has none."] = False


class ProposedTime(msgspec.Struct, frozen=True, kw_only=True):
    """The column that is probably the time."""

    column: Annotated[str, "Heading of the column."]
    format: Annotated[str, "Format in which rows follow one another most closely; empty where two do alike."]
    zone: Annotated[str, "Zone that cells or heading state; empty where neither does."]


class TableProposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a table probably is, by its headings and the cells of its beginning."""

    columns: Annotated[tuple[ProposedColumn, ...], "Columns in the order of the table."]
    time: Annotated[ProposedTime | None, "The time; null where no column has a name and cells of one."]
    decimal: Annotated[Literal[".", ","], "Decimal mark of its numbers."]
    coordinates: Annotated[Literal["WGS-84", "GCJ-02", "BD-09"], "System that the headings name; else WGS-84."]


class TablePreview(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a table, and the quantities that its columns can be."""

    encoding: Annotated[str, "Encoding of the text."]
    is_utf8: Annotated[bool, "False: the encoding is assumed. Look at the letters."]
    delimiter: Annotated[str, "Character between cells."]
    columns: Annotated[tuple[SeenColumn, ...], "Columns, by their headings."]
    rows: Annotated[tuple[tuple[str, ...], ...], "Cells of the first rows."]
    quantities: Annotated[tuple[QuantityChoice, ...], "Quantities that a column can be."]
    lines_before: Annotated[int, "Lines above the headings, which are the first line that is as wide as the rows."]
    lines_below: Annotated[int, "Lines between the headings and the first row, such as units."]
    proposal: Annotated[TableProposal, "What the table probably is; to be confirmed."]
    layout: Annotated[TableLayout, "What writes such a table, where its content tells; send it back in the choice."]
    maker: Annotated[str, "Name of the logger or program that wrote it; empty where nobody knows."] = ""
    kind: Annotated[str, "Kind of the device that such a table is of; empty where nobody knows."] = ""
    station: Annotated[str, "Id for the station that the table names; empty where it names none."] = ""
    missing: Annotated[tuple[str, ...], "Texts of a missing value in such a table."] = MISSING_TEXTS


@dataclass(frozen=True, slots=True)
class ConvertedRow:
    """A row as it will be stored; null where a cell is empty or refused."""

    time_ms: int
    values: Annotated[dict[str, float | None], "Values by channel; null where a cell is empty or refused."]


class ConvertedTable(msgspec.Struct, frozen=True, kw_only=True):
    """What the choices make of a table's first rows."""

    rows: Annotated[tuple[ConvertedRow, ...], "The first rows as they will be stored."]
    refused: Annotated[tuple[RefusedCell, ...], "Refused cells of these rows."]
    gateway: Annotated[str, "The gateway whose device it becomes or is."]
    is_new: Annotated[bool, "The device does not exist yet."]
