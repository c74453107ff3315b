"""Column map of a table: the channel and unit of each column, and the format of its times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from edge.toml.positions import TomlPath
from edge.toml.toml_file import TomlFile
from headland.contract.file_imports import TableLayout
from headland.contract.foreign_units import Conversion, NoConversion, convert_to_channel
from headland.contract.records import NAME
from headland.errors import SettingsError

Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}\Z")]
#: Files are read line by line, which works for encodings in which a line's end is a byte of its own.
Encoding = Literal["utf-8", "latin-1", "windows-1252", "gb18030"]

#: The most lines above the headings, and between them and the first row.
MOST_LINES: Final = 50
#: Formats of a time that strptime does not know.
ISO: Final = "iso8601"
EPOCH_S: Final = "epoch_s"
EPOCH_MS: Final = "epoch_ms"
EXCEL_DAYS: Final = "excel_days"
_KEYWORDS: Final = (ISO, EPOCH_S, EPOCH_MS, EXCEL_DAYS)
_OFFSET: Final = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the map's tables: immutable, a misspelt key is refused."""


class TableColumn(_Table, frozen=True, kw_only=True):
    """A column that is a channel. `unit` is the column's unit in any known spelling; a state or count has none."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    channel: str
    unit: str = "1"


class Ignored(_Table, frozen=True, kw_only=True):
    """A column that is not imported, and the reason."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    why: Annotated[str, Meta(min_length=1)]


class TimeColumn(_Table, frozen=True, kw_only=True):
    """The column of the time. `format` is strptime's, or `iso8601`, `epoch_s`, `epoch_ms`, `excel_days`.

    `zone` is the time zone: a zone's name (`Europe/Amsterdam`, with its summer time), an offset (`+08:00`,
    which never changes) or `UTC`.
    """

    name: Annotated[str, Meta(min_length=1)]
    format: Annotated[str, Meta(min_length=1)]
    zone: Annotated[str, Meta(min_length=1)]


class TableMap(_Table, frozen=True, kw_only=True):
    """A map file. `device` is the device of the table; every column is a channel or ignored with a reason.

    The headings are the first line that is not empty, after `lines_before` of a logger's own (its name, its serial
    number), and `lines_below` are of units and the like. `missing` are the texts of a missing value, besides an empty
    cell. `decimal` is the decimal mark. `simulated` marks
    the table's data as a simulator's, for good. `describes` is false for the past of a device that a source reads now:
    the table has its values alone, and the source's descriptor remains. `layout` is that of a logger, whose
    headings and units are where it writes them. `coordinates` is the system of longitudes and
    latitudes; what is not WGS84 is converted to it, and needs both columns.
    """

    device: Name
    kind: Name = "greenhouse"
    site: Name | None = None
    title: str = ""
    model: str = ""
    time: TimeColumn
    column: Annotated[list[TableColumn], Meta(min_length=1)]
    ignored: list[Ignored] = []
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    encoding: Encoding = "utf-8"
    lines_before: Annotated[int, Meta(ge=0, le=MOST_LINES)] = 0
    lines_below: Annotated[int, Meta(ge=0, le=MOST_LINES)] = 0
    missing: tuple[str, ...] = ("NaN", "nan", "NA", "N/A", "null")
    interval_s: Annotated[float, Meta(gt=0, le=86_400)] | None = None
    simulated: bool = False
    describes: bool = True
    coordinates: Literal["WGS-84", "GCJ-02", "BD-09"] = "WGS-84"
    layout: TableLayout = "headings"


@dataclass(frozen=True, slots=True)
class LoadedMap:
    """A checked map with its time zone, and for each column's name the conversion to the channel's unit."""

    map: TableMap
    zone: tzinfo
    conversions: Mapping[str, Conversion]


def find_map(name: str, beside: Path) -> Path | None:
    """Return the path of map `name` in `beside`, else of a built-in map, with or without .toml; None if absent."""
    built_in = Path(__file__).parent / "maps"
    for path in (beside / name, built_in / name, built_in / f"{name}.toml"):
        if path.is_file():
            return path
    return None


def load_map(path: Path) -> LoadedMap:
    """Return the checked map in `path`, TOML or JSON. Raises SettingsError with `file:line: sentence`."""
    if path.suffix.lower() == ".json":
        try:
            return check_map(msgspec.json.decode(path.read_bytes(), type=TableMap))
        except (OSError, msgspec.MsgspecError) as error:
            raise SettingsError(f"{path}: {error}") from error
    file = TomlFile(path, TableMap)
    return _check(file.convert(), file.error)


def check_map(table: TableMap) -> LoadedMap:
    """Return the checked map of a table. Raises SettingsError with a sentence."""
    return _check(table, lambda _place, sentence: SettingsError(sentence))


def _check(table: TableMap, fault: Callable[[TomlPath, str], SettingsError]) -> LoadedMap:
    """Return the checked map; `fault` makes the error of a place in it."""
    conversions = {}
    channels: set[str] = set()
    names = {table.time.name}
    places = [("column", index, column.name) for index, column in enumerate(table.column)]
    for key, index, name in places + [("ignored", index, ignored.name) for index, ignored in enumerate(table.ignored)]:
        if name in names:
            raise fault((key, index, "name"), f"the column {name!r} is named twice")
        names.add(name)
    for index, column in enumerate(table.column):
        if column.channel in channels:
            raise fault(
                ("column", index, "channel"),
                f"{column.channel!r} is mapped twice; a second one is {column.channel.partition(':')[0]}:1",
            )
        channels.add(column.channel)
        conversion = convert_to_channel(column.channel, column.unit)
        if isinstance(conversion, NoConversion):
            raise fault(("column", index), f"the column {column.name!r}: {conversion.sentence}")
        conversions[column.name] = conversion
    alone = [name for place in places_of(channels) for name in place if name not in channels]
    if table.coordinates != "WGS-84" and alone:
        raise fault(("coordinates",), f"{table.coordinates} is converted by both columns: {alone[0]!r} is missing")
    if table.time.format not in _KEYWORDS and "%" not in table.time.format:
        raise fault(
            ("time", "format"), f"time.format must be one of {', '.join(_KEYWORDS)} or a strptime format (%m/%d/%Y)"
        )
    zone = find_zone(table.time.zone)
    if zone is None:
        raise fault(
            ("time", "zone"),
            f"time.zone {table.time.zone!r} is not known on this machine; UTC and offsets such as +08:00 always are",
        )
    return LoadedMap(table, zone, conversions)


def places_of(channels: Iterable[str]) -> set[tuple[str, str]]:
    """Return the pairs of longitude and latitude of which any channel is one."""
    pairs = set()
    for channel in channels:
        base, colon, number = channel.partition(":")
        for axis in ("longitude_deg", "latitude_deg"):
            if base.endswith(axis):
                before = base.removesuffix(axis)
                pairs.add((f"{before}longitude_deg{colon}{number}", f"{before}latitude_deg{colon}{number}"))
    return pairs


def open_map(name: str, beside: Path) -> LoadedMap:
    """Return the map `name`. Raises SettingsError where there is none or it is wrong."""
    path = find_map(name, beside)
    if path is None:
        built_in = sorted(path.stem for path in (Path(__file__).parent / "maps").glob("*.toml"))
        raise SettingsError(f"there is no map {name!r}; built in are {', '.join(built_in)}")
    return load_map(path)


def find_zone(text: str) -> tzinfo | None:
    """Return the time zone `UTC`, of an offset or of a zone's name; None where it is not known."""
    if text == "UTC":
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is not None:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
