"""Export of samples to Parquet or CSV: a row for each sample, or for each instant of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb
import numpy as np

from headland.errors import SettingsError
from headland.store.duckdb import sql
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.paths import refuse_existing, size_of, sync_folder
from headland.store.duckdb.tables.compaction import Progress
from headland.store.duckdb.tables.transaction import count, transaction
from headland.store.port import SeriesKey

Layout = Literal["long", "wide"]

_FORMATS: Final = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER true",
    ".gz": "FORMAT csv, HEADER true, COMPRESSION gzip",
}
#: A text where the format has no times, a time with its zone in Parquet.
_TEXT_TIME: Final = "strftime(make_timestamp({0}.ts * 1000), '%Y-%m-%dT%H:%M:%S.%gZ') AS time_utc"
_TIME: Final = "make_timestamptz({0}.ts * 1000) AS time_utc"
_SAMPLES: Final = f"""
    FROM {sql.SAMPLES} p JOIN series_in s ON p.sid = s.sid
    WHERE p.sid IN (SELECT sid FROM series_in) AND {sql.within("{start}", "{end}", "p.")}
"""  # noqa: S608 - only constants
_LONG: Final = """
    SELECT p.ts AS time_ms, {time}, s.site, s.device_kind, s.device, s.channel, s.unit, p.v AS value,
           p.q AS quality, s.simulated {samples}
    ORDER BY s.device, s.channel, p.ts
"""
#: Numbers identify channels and devices while rows are made: texts take ten times as long.
_WIDE: Final = """
    SELECT r.ts AS time_ms, {time}, d.site, d.device_kind, d.device, d.simulated, r.* EXCLUDE (ts, place)
    FROM (SELECT p.ts, s.place{columns} {samples} GROUP BY p.ts, s.place) r
    JOIN (SELECT DISTINCT place, site, device_kind, device, simulated FROM series_in) d ON r.place = d.place
    ORDER BY d.device, r.ts
"""


@dataclass(frozen=True, slots=True)
class Export:
    """Result of an export: `samples` of `series` series, as `rows` rows."""

    path: Path
    series: int
    samples: int
    rows: int
    size_bytes: int


def export(
    file: DuckDBFile,
    series: Sequence[tuple[int, SeriesKey]],
    path: Path,
    start_ms: int,
    end_ms: int,
    layout: Layout,
    progress: Progress,
) -> Export:
    """Write the samples in [start_ms, end_ms) of `series` (ids and keys), while the store is in use.

    `long` has a row for each sample, with its unit and quality. `wide` has a row for each instant of a device and a
    column for each channel, whose name ends in its unit, beside its quality. Raises SettingsError where `path` exists
    or ends in none of .parquet, .csv, .csv.gz.
    """
    refuse_existing(path)
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise SettingsError(f"{path.name} must end in .parquet, .csv or .csv.gz: the ending selects the format.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        progress("writing", 0.0)
        selected = _SAMPLES.format(start=start_ms, end=end_ms)
        time = _TIME if path.suffix.lower() == ".parquet" else _TEXT_TIME
        query = (
            _WIDE.format(time=time.format("r"), samples=selected, columns=_columns(_channels(series)))
            if layout == "wide"
            else _LONG.format(time=time.format("p"), samples=selected)
        )
        quoted = str(part).replace("'", "''")
        with file.more_memory(), file.reading() as cursor:
            _register(cursor, series)
            with transaction(cursor):
                samples = count(cursor, f"SELECT count(*) {selected}")
                rows = count(cursor, f"COPY ({query}) TO '{quoted}' ({form})")
            cursor.unregister("series_in")
        refuse_existing(path)
        part.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Export(path, len(series), samples, rows, size_of(path))


def _register(cursor: duckdb.DuckDBPyConnection, series: Sequence[tuple[int, SeriesKey]]) -> None:
    def text(words: Sequence[str]) -> object:
        return np.array(words, dtype=object)

    keys = [key for _, key in series]
    slots = {channel: slot for slot, channel in enumerate(_channels(series))}
    places: dict[tuple[str, str, str, bool], int] = {}
    for key in keys:
        places.setdefault(_place_of(key), len(places))
    cursor.register(
        "series_in",
        {
            "sid": np.array([sid for sid, _ in series], np.int32),
            "site": text([key.site for key in keys]),
            "device_kind": text([key.kind for key in keys]),
            "device": text([key.device for key in keys]),
            "channel": text([key.channel for key in keys]),
            "unit": text([key.unit or "" for key in keys]),
            "simulated": np.array([key.simulated for key in keys], np.bool_),
            "slot": np.array([slots[key.channel] for key in keys], np.int32),
            "place": np.array([places[_place_of(key)] for key in keys], np.int32),
        },
    )


def _place_of(key: SeriesKey) -> tuple[str, str, str, bool]:
    return key.site, key.kind, key.device, key.simulated


def _channels(series: Sequence[tuple[int, SeriesKey]]) -> list[str]:
    return sorted({key.channel for _, key in series})


def _columns(channels: Sequence[str]) -> str:
    """Return the columns of a wide table: each channel, and its quality."""
    columns = ""
    for slot, channel in enumerate(channels):
        name = channel.replace('"', '""')
        columns += f', max(p.v) FILTER (s.slot = {slot}) AS "{name}"'
        columns += f', max(p.q) FILTER (s.slot = {slot}) AS "{name}.quality"'
    return columns
