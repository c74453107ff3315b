"""Tables are the same in every format, and their memory is bounded by a slice."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.io import read_ipc_stream, read_parquet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.content_types import samples_table
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import SLICE_ROWS, read_slices
from headland.analysis.inputs.window import Window
from headland.contract.records import Descriptor
from headland.formats.tables.writers import DataTable, Kind, Slice, write_arrow, write_csv, write_parquet
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesKey, WriteBatch
from tests.api.farm import START_MS, points_of
from tests.examples import examples

KINDS: dict[str, Kind] = {"n": "integer", "at": "instant", "value [g]": "number", "why": "text", "is": "truth"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**53), 2**53),
        st.integers(0, 4_102_444_800_000),
        st.floats(allow_nan=True, allow_infinity=False),
        TEXTS,
        st.booleans(),
    ),
    max_size=12,
)
Row = tuple[int, int, float, str, bool]


def table_of(slices: list[list[Row]]) -> DataTable:
    dtypes = {"n": np.int64, "at": np.int64, "value [g]": np.float64, "why": object, "is": np.bool_}
    made: list[Slice] = [
        {name: np.array([row[place] for row in rows], dtype) for place, (name, dtype) in enumerate(dtypes.items())}
        for rows in slices
    ]
    return DataTable("rows", KINDS, iter(made))


def plain(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [(n, at, None if value != value else value, why, truth) for n, at, value, why, truth in rows]


@given(st.lists(ROWS, max_size=3))
def test_arrow_read_by_another_program_is_what_was_written(slices: list[list[Row]]) -> None:
    read = read_ipc_stream(io.BytesIO(b"".join(write_arrow(table_of(slices))))).read_all()
    assert read.column_names == list(KINDS)
    columns: list[Any] = [read[name].to_pylist() for name in KINDS]
    columns[1] = [round(at.timestamp() * 1000) for at in columns[1]]
    assert list(zip(*columns, strict=True)) == [row for rows in slices for row in plain(rows)]


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ROWS, max_size=3))
def test_parquet_read_by_another_program_is_what_was_written(tmp_path: Path, slices: list[list[Row]]) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"".join(write_parquet(table_of(slices))))
    read = read_parquet(path).read_all()
    columns: list[Any] = [read[name].to_pylist() for name in KINDS]
    columns[1] = [round(at.timestamp() * 1000) for at in columns[1]]
    assert list(zip(*columns, strict=True)) == [row for rows in slices for row in plain(rows)]


@given(st.lists(ROWS, max_size=3))
def test_csv_has_every_row_and_no_formula(slices: list[list[Row]]) -> None:
    text = b"".join(write_csv(table_of(slices))).decode()
    header, *rows = list(csv.reader(io.StringIO(text, newline="")))
    assert header == list(KINDS)
    for row, (n, _, value, why, truth) in zip(rows, [row for part in slices for row in plain(part)], strict=True):
        assert (row[0], row[2], row[4]) == (str(n), "" if value is None else repr(value), str(truth).lower())
        assert row[3].removeprefix("'") == why.removeprefix("'")
        assert not row[3].startswith(("=", "+", "-", "@"))


@pytest.fixture(scope="module")
def long_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    """Two million points: four channels of half a million instants, ten a second."""
    store = DuckDBStore(tmp_path_factory.mktemp("long") / "store.duckdb")
    store.describe("own", "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="House"))
    time_ms = START_MS + 100 * np.arange(500_000, dtype=np.int64)
    rows = []
    for number in range(4):
        key = SeriesKey("own", "home", "greenhouse", "gh-1", f"level_{number}_m")
        rows.append((key, time_ms, (time_ms * 1e-9 + number).astype(np.float64), np.ones_like(time_ms)))
    store.write(WriteBatch(points_of(rows)))
    yield store
    store.close()


@pytest.mark.parametrize(("write", "rows"), [(write_arrow, 500_000), (write_csv, 250_000)])
@pytest.mark.long
def test_two_million_points_are_sent_in_bounded_memory(
    long_store: DuckDBStore, write: Callable[[DataTable], Iterator[bytes]], rows: int
) -> None:
    scope = OrgScope(long_store, None, "own", START_MS)
    [record] = long_store.devices("own")
    channels = [f"level_{number}_m" for number in range(4)]
    slices = read_slices(scope, record, channels, Window(START_MS, START_MS + 100 * rows))
    held_kb, sent = [], 0
    # What Python and NumPy hold, which no other part of the process changes by megabytes: arrays that the writer of
    # Arrow keeps are among it.
    tracemalloc.start()
    try:
        for chunk in write(samples_table(record, channels, slices)):
            sent += len(chunk)
            held_kb.append(tracemalloc.get_traced_memory()[0] / 1024)
    finally:
        tracemalloc.stop()
    assert sent > 50 * rows
    assert len(held_kb) > rows / SLICE_ROWS
    # A slice is a megabyte or two of text and numbers; what is kept of it would be tens of them by the end.
    warm = len(held_kb) // 3
    assert max(held_kb[warm:]) - max(held_kb[:warm]) < 12_000
