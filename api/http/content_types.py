"""Content negotiation of responses, and samples as a table with a row per instant.

Column names end in their unit; each row names its device and says whether it was simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np
from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api.http.problems import ProblemError
from api.http.responses import reply
from headland.analysis.inputs.telemetry import SeriesColumns, unit_of
from headland.contract.quantities import unit_of_channel
from headland.formats.tables.writers import Cells, DataTable, Kind, Slice, write_arrow, write_csv, write_parquet
from headland.store.port import DeviceRecord

JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
ARROW: Final = "application/vnd.apache.arrow.stream"
FORMS: Final = (JSON, CSV, ARROW, PARQUET)
_FILES: Final = {CSV: (write_csv, "csv"), PARQUET: (write_parquet, "parquet"), ARROW: (write_arrow, "arrows")}

#: OpenAPI content entries of a table's formats beside JSON.
TABLE_CONTENT: Final = {
    CSV: {"schema": {"type": "string"}},
    **{form: {"schema": {"type": "string", "format": "binary"}} for form in (PARQUET, ARROW)},
}


def choose_format(accept: str | None, forms: Sequence[str] = FORMS) -> str:
    """Return the format an Accept header prefers, the first without a header; raises ProblemError (406)."""
    ranges = [_parse_range(part) for part in (accept or "*/*").split(",")]
    best, highest = forms[0], 0.0
    for form in forms:
        # The most specific range applies: `text/csv;q=0, */*` excludes CSV.
        matching = [(kind, q) for kind, q in ranges if kind in (form, f"{form.split('/')[0]}/*", "*/*")]
        weight = max(matching, key=lambda entry: -entry[0].count("*"))[1] if matching else 0.0
        if weight > highest:
            best, highest = form, weight
    if highest == 0.0:
        kinds = " or ".join(filter(None, (", ".join(forms[:-1]), forms[-1])))
        sentence = f"Send Accept: {kinds}."
        raise ProblemError(406, "not-acceptable", "Format not available", sentence)
    return best


def reply_table(request: Request, form: str, table: DataTable) -> Response:
    """Return a table in the format that `choose_format` chose: a file, or its columns as JSON.

    A file is sent while it is written. The first slice is read before the response begins, so that a store that
    cannot be read is reported as a problem.
    """
    if form == JSON:
        answer = reply(request, _columns_of(table))
        answer.headers["Vary"] = "Accept"
        return answer
    write, ending = _FILES[form]
    chunks = write(table)
    first = next(chunks)
    disposition = f'attachment; filename="{table.name}.{ending}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-cache", "Vary": "Accept"}
    return StreamingResponse(chain([first], chunks), media_type=form, headers=headers)


def samples_table(record: DeviceRecord, channels: list[str], slices: Iterator[SeriesColumns]) -> DataTable:
    """Return samples as a table: a row for each instant, null where a channel has no value."""
    descriptor = record.descriptor
    names = {channel: name_column(record, channel) for channel in channels}
    kinds: dict[str, Kind] = {"time_ms": "integer", "time_utc": "instant", "device": "text", "simulated": "truth"}
    kinds.update(dict.fromkeys(names.values(), "number"))

    def rows_of(columns: SeriesColumns) -> Slice:
        time_ms, values = columns.time_ms, {names[channel]: column for channel, column in columns.channels.items()}
        head: Slice = {
            "time_ms": time_ms,
            "time_utc": time_ms,
            "device": descriptor.device,
            "simulated": descriptor.simulated,
        }
        return {**head, **values}

    return DataTable(descriptor.device, kinds, map(rows_of, slices))


def name_column(record: DeviceRecord, channel: str) -> str:
    """Return a column's name: the channel, with its unit where the name does not end in it."""
    return channel if unit_of_channel(channel) else f"{channel} [{unit_of(record, channel)}]"


def _columns_of(table: DataTable) -> dict[str, object]:
    """Return a table that fits one response as `schema.Columns`."""
    slices = list(table.slices)
    counts = [next(len(cells) for cells in rows.values() if isinstance(cells, np.ndarray)) for rows in slices]
    columns = {
        name: [cell for rows, count in zip(slices, counts, strict=True) for cell in _listed(rows[name], count)]
        for name in table.columns
    }
    return {"rows": sum(counts), "columns": columns}


def _listed(cells: Cells, count: int) -> list[object]:
    if not isinstance(cells, np.ndarray):
        return [cells] * count
    return [None if value != value else value for value in cells.tolist()]


def _parse_range(part: str) -> tuple[str, float]:
    """Return a media range of an Accept header and its weight; 0 where the weight is not a number."""
    kind, *options = (word.strip() for word in part.lower().split(";"))
    weights = [option[2:].strip() for option in options if option.startswith("q=")]
    try:
        return kind, float(weights[0]) if weights else 1.0
    except ValueError:
        return kind, 0.0
