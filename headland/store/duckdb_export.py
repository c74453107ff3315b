"""Samples as a table for other programs: Parquet or CSV, a row for each sample or for each instant of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import duckdb
import numpy as np

from headland.errors import SettingsError
from headland.store.duckdb_backup import refuse_existing
from headland.store.duckdb_file import DuckDBFile
from headland.store.duckdb_paths import size_of, sync_folder
from headland.store.duckdb_state import count
from headland.store.duckdb_transaction import transaction
from headland.store.port import SeriesKey
from headland.store.progress import Progress

Layout = Literal["long", "wide"]

_FORMATS: Final = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER true",
    ".gz": "FORMAT csv, HEADER true, COMPRESSION gzip",
}
_SAMPLES: Final = """
    SELECT p.ts AS time_ms, strftime(make_timestamp(p.ts * 1000), '%Y-%m-%dT%H:%M:%S.%gZ') AS time_utc,
           s.site, s.device_kind, s.device, s.channel, s.unit, p.v AS value, p.q AS quality, s.simulated
    FROM points p JOIN series_in s ON p.sid = s.sid
    WHERE p.sid IN (SELECT sid FROM series_in) AND p.ts >= {start} AND p.ts < {end}
"""


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: `samples` of `series` series, as `rows` rows."""

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
    """Write the samples in [start_ms, end_ms) of `series` (ids and keys), while the store is written and read.

    `long` has a row for each sample, with its unit and quality. `wide` has a row for each instant of a device and a
    column for each channel, whose name ends in its unit, beside its quality. Raises SettingsError where `path` exists
    or ends in none of .parquet, .csv, .csv.gz.
    """
    refuse_existing(path)
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise SettingsError(f"{path.name} must end in .parquet, .csv or .csv.gz: that says what is written.")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        progress("writing", 0.0)
        selected = _SAMPLES.format(start=start_ms, end=end_ms)
        query = _widen(selected, series) if layout == "wide" else f"{selected} ORDER BY device, channel, time_ms"
        quoted = str(part).replace("'", "''")
        with file.more_memory(), file.reading() as cursor:
            _register(cursor, series)
            with transaction(cursor):
                samples = count(cursor, f"SELECT count(*) FROM ({selected})")  # noqa: S608
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
        },
    )


def _widen(selected: str, series: Sequence[tuple[int, SeriesKey]]) -> str:
    """Return the statement for a column of each channel and one of its quality."""
    columns = ""
    for channel in sorted({key.channel for _, key in series}):
        text, name = channel.replace("'", "''"), channel.replace('"', '""')
        for column, ending in (("value", ""), ("quality", ".quality")):
            columns += f", max({column}) FILTER (channel = '{text}') AS \"{name}{ending}\""
    return f"""
        SELECT time_ms, time_utc, site, device_kind, device, simulated{columns} FROM ({selected})
        GROUP BY ALL ORDER BY device, time_ms
    """  # noqa: S608 - channels are quoted
