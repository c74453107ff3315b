"""Forecasts in tables (CSV), read by a map: that of the table with the place, the issue and the hours of amounts."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.imports.table.map import LoadedMap, TableMap, check_map
from edge.imports.table.rows import match_header
from edge.toml.toml_file import TomlFile
from headland.contract.quantities import unit_of_channel
from headland.errors import SettingsError
from headland.formats.weather.grib_forecast import NAME, OTHERS
from headland.formats.weather.issue_builder import ForeignName, IssueBuilder
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.registry.models.models import Latitude, Longitude
from headland.registry.models.weather import Attribution, ForecastPlace, StepKind
from headland.units_of_time import HOUR_MS

#: The map of every table of the folder that has none of its own name.
COMMON_MAP: Final = "forecast.toml"
MOST_BYTES: Final = 4_000_000
#: Channels whose values are of a time, which a map has to state.
_OF_A_TIME: Final = frozenset(("precipitation_mm", "precipitation_chance_pct"))


class ForecastStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel's values are of the hours before or after their time; without one they are of the instant."""

    channel: str
    kind: StepKind
    hours: Annotated[float, Meta(gt=0, le=48)]
    of: Literal["before", "after"]


class ForecastMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The map of a forecast's table.

    `issued` is the file's name with the instant of issue in it, as strptime has it (`coop-%Y%m%d%H.csv`), in the zone
    of the table's times; without one leads count from when the file was read.
    """

    table: TableMap
    latitude_deg: Latitude
    longitude_deg: Longitude
    issued: str = ""
    model: Annotated[str, Meta(max_length=60)] = ""
    step: list[ForecastStep] = []
    attribution: Attribution | None = None


def find_map(table: Path) -> Path | None:
    """Return the map of a table: that of its own name, else the common one; None where there is none."""
    return next((each for each in (table.with_suffix(".toml"), table.with_name(COMMON_MAP)) if each.is_file()), None)


def load_map(path: Path) -> tuple[ForecastMap, LoadedMap]:
    """Return a checked map. Raises SettingsError with the fault."""
    found = TomlFile(path, ForecastMap).convert()
    loaded = check_map(found.table)
    channels = {column.channel for column in found.table.column}
    stated = {step.channel for step in found.step}
    for channel in sorted(stated - channels):
        raise SettingsError(f"{path.name}: [[step]] names {channel!r}, which no column is")
    for channel in sorted((channels & _OF_A_TIME) - stated):
        raise SettingsError(f"{path.name}: {channel!r} needs a [[step]] that states the hours before or after its time")
    return found, loaded


def decode_table(path: Path, body: bytes, query: ForecastQuery, fetched_ms: int) -> DecodedForecast | RefusedForecast:
    """Return the forecast of a table for a place, or why it has none. Raises SettingsError for a faulty map."""
    place = find_map(path)
    if place is None:
        raise SettingsError(f"there is no map: put {path.with_suffix('.toml').name} or {COMMON_MAP} beside it")
    found, loaded = load_map(place)
    text = body.decode(loaded.map.encoding, errors="replace").removeprefix("\ufeff")
    lines = csv.reader(io.StringIO(text), delimiter=loaded.map.delimiter)
    builder = IssueBuilder()
    steps = {step.channel: step for step in found.step}
    try:
        reader = match_header(loaded, next((line for line in lines if any(cell.strip() for cell in line)), []))
        if isinstance(reader, str):
            return RefusedForecast(RefusedAnswer.WRONG_SHAPE, reader[:200])
        for cells in lines:
            row = reader.read(lines.line_num, cells)
            for channel, value in {} if row is None else row.values.items():
                _add(builder, channel, row.time_ms if row else 0, value, steps.get(channel))
        for refusal in reader.take_refusals():
            builder.left_out[str(refusal.reason)] += 1
    except csv.Error as error:
        return RefusedForecast(RefusedAnswer.NOT_READABLE, str(error)[:200])
    return builder.finish(
        query,
        NAME,
        found.attribution or OTHERS,
        fetched_ms,
        issued_ms=_issued_ms(path.name, found.issued, loaded),
        answered=ForecastPlace(latitude_deg=found.latitude_deg, longitude_deg=found.longitude_deg),
        model=found.model,
    )


def _add(builder: IssueBuilder, channel: str, time_ms: int, value: float | None, step: ForecastStep | None) -> None:
    kind = StepKind.INSTANT if step is None else step.kind
    length_ms = 0 if step is None else round(step.hours * HOUR_MS)
    start_ms = time_ms - length_ms if step is not None and step.of == "before" else time_ms
    named = ForeignName(name=channel, channel=channel, aggregation=kind)
    builder.add(named, (start_ms, start_ms + length_ms), value, unit_of_channel(channel) or "")


def _issued_ms(name: str, pattern: str, loaded: LoadedMap) -> int | None:
    if not pattern:
        return None
    try:
        at = datetime.strptime(name, pattern)  # noqa: DTZ007 - in the zone of the map
    except ValueError as error:
        raise SettingsError(f"the name does not have the instant of issue as the map states it: {pattern}") from error
    return round(at.replace(tzinfo=loaded.zone).timestamp()) * 1000
