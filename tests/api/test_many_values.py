"""Answers with very many values are read, written and collected in parts, and hold what small ones hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import numpy as np
import pytest

from api.http import responses
from headland.analysis.inputs import telemetry
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_chart, read_series
from headland.analysis.inputs.window import Window
from headland.formats.tables import writers as table_writers
from headland.formats.tables.writers import DataTable, Kind, Slice, write_parquet
from headland.runtime.cancellation import CancellationToken, WorkCancelled, set_token
from headland.store.memory import MemoryStore
from headland.store.port import Buckets, Samples, SeriesFilter
from tests.api.farm import HOUSE, OWN, START_MS, write_series

CHANNELS = ["co2_ppm", "air_temperature_degc"]
WINDOW = Window(START_MS, START_MS + 4000)


class CountingStore(MemoryStore):
    """A store that notes how many values each answer had."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[int] = []

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        found = super().buckets(which, start_ms, end_ms, step_ms, max_quality)
        self.answers.append(sum(len(each.start_ms) for each in found))
        return found

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        found = super().raw(which, start_ms, end_ms, limit, newest=newest)
        self.answers.append(sum(len(each.time_ms) for each in found))
        return found


@pytest.fixture
def scope() -> OrgScope:
    store = CountingStore()
    time_ms = START_MS + np.arange(4000, dtype=np.int64)
    write_series(store, OWN, "home", "greenhouse", HOUSE, time_ms, {CHANNELS[0]: time_ms % 1000 / 8})
    write_series(store, OWN, "home", "greenhouse", HOUSE, time_ms[:3000:3], {CHANNELS[1]: time_ms[:3000:3] % 700 / 8})
    return OrgScope(store, None, OWN, START_MS + 4000)


def same(first: telemetry.SeriesColumns, second: telemetry.SeriesColumns) -> bool:
    return (
        first.step_ms == second.step_ms
        and first.channels.keys() == second.channels.keys()
        and np.array_equal(first.time_ms, second.time_ms)
        and all(np.array_equal(first.channels[c], second.channels[c], equal_nan=True) for c in first.channels)
    )


@pytest.mark.parametrize("max_points", [10, 1000, 3999, 4000, 5000])
def test_rows_read_in_parts_are_those_read_at_once(
    scope: OrgScope, max_points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    [record] = scope.store.devices(OWN)
    store = scope.store
    assert isinstance(store, CountingStore)
    at_once = read_series(scope, record, CHANNELS, WINDOW, max_points)
    monkeypatch.setattr(telemetry, "MOST_VALUES", 1000)
    store.answers.clear()
    in_parts = read_series(scope, record, CHANNELS, WINDOW, max_points)
    assert same(at_once, in_parts)
    assert len(at_once.time_ms) == min(max_points, 4000) or max_points == 3999
    # A fifth of the most, and a row more of each channel by which a part is known to be too long.
    assert max(store.answers) <= 200 + len(CHANNELS)


def test_a_chart_of_many_channels_selects_from_fewer_rows(scope: OrgScope, monkeypatch: pytest.MonkeyPatch) -> None:
    [record] = scope.store.devices(OWN)
    assert read_chart(scope, record, CHANNELS, WINDOW, 20, "min_max").chosen_by == "min_max"
    monkeypatch.setattr(telemetry, "MOST_VALUES", 7000)
    assert read_chart(scope, record, CHANNELS, WINDOW, 20, "min_max").step_ms is not None
    assert read_chart(scope, record, CHANNELS[:1], WINDOW, 20, "min_max").chosen_by == "min_max"


def test_a_large_answer_is_written_while_it_is_sent(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    params: dict[str, Any] = {"channel": CHANNELS, "start": START_MS, "end": START_MS + 86_400_000}
    whole = client.get(f"/v1/devices/{HOUSE}/series", params=params)
    monkeypatch.setattr(responses, "_WRITTEN_AT_ONCE", 0)
    monkeypatch.setattr(responses, "_PIECE_VALUES", 7)
    parts = client.get(f"/v1/devices/{HOUSE}/series", params=params)
    assert parts.content == whole.content
    assert "content-length" in whole.headers
    assert "content-length" not in parts.headers
    tag = parts.headers["etag"]
    again = client.get(f"/v1/devices/{HOUSE}/series", params=params, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/v1/devices/{HOUSE}/series", params={**params, "end": START_MS + 5000})
    assert other.headers["etag"] != tag


def wide_table(slices: Iterator[Slice], columns: int) -> DataTable:
    kinds: dict[str, Kind] = {f"c{number}": "number" for number in range(columns)}
    return DataTable("wide", kinds, slices)


def test_a_parquet_file_of_many_columns_has_small_row_groups(tmp_path: Path) -> None:
    def slices() -> Iterator[Slice]:
        for number in range(3):
            yield {f"c{column}": np.arange(20_000, dtype=np.float64) + number + column for column in range(36)}

    path = tmp_path / "wide.parquet"
    path.write_bytes(b"".join(write_parquet(wide_table(slices(), 36))))
    with duckdb.connect() as reader:
        query = "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY 1"
        groups = [rows for _, rows in reader.execute(query, [str(path)]).fetchall()]
    assert sum(groups) == 60_000
    assert max(groups) * 36 <= table_writers._GROUP_VALUES


def test_parquet_files_are_collected_one_after_another_and_the_wait_can_be_cancelled() -> None:
    begun, go_on = threading.Event(), threading.Event()
    token = CancellationToken()
    ended: list[str] = []

    def slow() -> Iterator[Slice]:
        begun.set()
        go_on.wait(120)
        yield {"c0": np.arange(3.0)}

    def second() -> None:
        set_token(token)
        try:
            ended.append(f"sent {len(list(write_parquet(wide_table(iter([{'c0': np.arange(3.0)}]), 1))))}")
        except WorkCancelled:
            ended.append("cancelled")

    first = threading.Thread(target=lambda: list(write_parquet(wide_table(slow(), 1))))
    first.start()
    assert begun.wait(120)
    waiting = threading.Thread(target=second)
    waiting.start()
    token.cancel()
    waiting.join(120)
    go_on.set()
    first.join(120)
    assert ended == ["cancelled"]
    token = CancellationToken()
    second()
    assert ended == ["cancelled", "sent 1"]
