"""Samples as a table for other programs, CSV or Parquet: a row for each instant, written slice by slice.

Column names end in their unit; each row names its device and says whether it was simulated.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from starlette.responses import Response, StreamingResponse

from api.problems import ProblemError
from api.queries import SeriesColumns, unit_of
from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.store.port import DeviceRecord, Values

JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
_ENDINGS: Final = {CSV: "csv", PARQUET: "parquet"}
_CHUNK_BYTES: Final = 256 * 1024
#: What a table is gathered with; what is more goes to its temporary file.
_MEMORY: Final = "128MB"


def choose_format(accept: str | None) -> str:
    """Return the media type that an Accept header likes best, JSON where it says nothing; raises ProblemError (406)."""
    wishes = [_parse_wish(part) for part in (accept or "*/*").split(",")]
    best, liked = JSON, 0.0
    for form in (JSON, CSV, PARQUET):
        # What is said most exactly counts: `text/csv;q=0, */*` wants no CSV.
        said = [(kind, q) for kind, q in wishes if kind in (form, f"{form.split('/')[0]}/*", "*/*")]
        weight = max(said, key=lambda wish: wish[0].count("*") * -1)[1] if said else 0.0
        if weight > liked:
            best, liked = form, weight
    if liked == 0.0:
        sentence = f"Samples come as {JSON}, {CSV} or {PARQUET}."
        raise ProblemError(406, "not-acceptable", "No such format", sentence)
    return best


def reply_table(form: str, record: DeviceRecord, channels: list[str], slices: Iterator[SeriesColumns]) -> Response:
    """Return samples as a file in a format that `choose_format` chose. What cannot be read is raised, not cut off."""
    chunks = write_csv(record, channels, slices) if form == CSV else write_parquet(record, channels, slices)
    first = next(chunks)
    name = f"{record.descriptor.device}.{_ENDINGS[form]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache", "Vary": "Accept"}
    return StreamingResponse(chain([first], chunks), media_type=form, headers=headers)


def write_csv(record: DeviceRecord, channels: list[str], slices: Iterable[SeriesColumns]) -> Iterator[bytes]:
    """Yield samples as CSV (RFC 4180, UTF-8); an empty cell where a channel has no value."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = [name_column(record, channel) for channel in channels]
    writer.writerow(["time_ms", "time_utc", "device", "simulated", *names])
    told = record.descriptor
    simulated = str(told.simulated).lower()
    for columns in slices:
        stamps = np.datetime_as_string(columns.time_ms.astype("datetime64[ms]"), timezone="UTC").tolist()
        cells = [_cells_of(values) for values in columns.channels.values()]
        rows = zip(columns.time_ms.tolist(), stamps, *cells, strict=True)
        writer.writerows([time_ms, stamp, told.device, simulated, *values] for time_ms, stamp, *values in rows)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()  # nothing but the names of the columns


def write_parquet(record: DeviceRecord, channels: list[str], slices: Iterable[SeriesColumns]) -> Iterator[bytes]:
    """Yield samples as a Parquet file; null where a channel has no value.

    It is gathered in a temporary folder first: what a Parquet file holds is written at its end.
    """
    told = record.descriptor
    slots = [f"c{slot}" for slot in range(len(channels))]
    values = ", ".join(
        f"{slot} AS {_quoted(name_column(record, channel))}" for slot, channel in zip(slots, channels, strict=True)
    )
    table = f"SELECT time_ms, make_timestamptz(time_ms * 1000) AS time_utc, device, simulated, {values} FROM samples"  # noqa: S608 - names are quoted
    with tempfile.TemporaryDirectory(prefix="headland-table-") as folder:
        path = Path(folder) / "table.parquet"
        with duckdb.connect(str(Path(folder) / "rows.duckdb"), config={"memory_limit": _MEMORY, "threads": 1}) as rows:
            typed = ", ".join(f"{slot} DOUBLE" for slot in slots)
            rows.execute(f"CREATE TABLE samples (time_ms BIGINT, device VARCHAR, simulated BOOLEAN, {typed})")
            present = ", ".join(f"CASE WHEN isnan({slot}) THEN NULL ELSE {slot} END" for slot in slots)
            insert = f"INSERT INTO samples SELECT time_ms, $device, $simulated, {present} FROM slice_in"  # noqa: S608 - only our own names
            for columns in slices:
                given: dict[str, Any] = {"time_ms": columns.time_ms}
                given.update(zip(slots, columns.channels.values(), strict=True))
                rows.register("slice_in", given)
                rows.execute(insert, {"device": told.device, "simulated": told.simulated})
                rows.unregister("slice_in")
            rows.execute(f"COPY ({table}) TO {_quoted(str(path), mark=chr(39))} (FORMAT parquet, COMPRESSION zstd)")
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


def name_column(record: DeviceRecord, channel: str) -> str:
    """Return a column's name: the channel, and its unit where its own name does not tell it."""
    parts = split_channel(channel)
    if quantity_of(channel) is not None or (parts is not None and unit_of_name(parts[0]) is not None):
        return channel
    return f"{channel} [{unit_of(record, channel)}]"


def _cells_of(values: Values) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _quoted(text: str, mark: str = '"') -> str:
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"


def _parse_wish(part: str) -> tuple[str, float]:
    """Return the media type of a part of an Accept header, and its weight; 0 where that is no number."""
    kind, *options = (word.strip() for word in part.lower().split(";"))
    weights = [option[2:].strip() for option in options if option.startswith("q=")]
    try:
        return kind, float(weights[0]) if weights else 1.0
    except ValueError:
        return kind, 0.0
