"""Memory of the DuckDB engine: small in general, larger during a large query."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.errors import RetryLater
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesFilter, WriteBatch
from tests.store.batches import key

LARGE = "SELECT sum(length(all_of_it)) FROM (SELECT string_agg(repeat('x', 1000), '') all_of_it FROM range(20_000))"


def limit_of(file: DuckDBFile) -> str:
    return str(file.query(lambda cursor: cursor.execute("SELECT current_setting('memory_limit')").fetchall())[0][0])


@pytest.fixture
def file(tmp_path: Path) -> DuckDBFile:
    made = DuckDBFile(tmp_path / "store.duckdb", memory_limit_mb=16, threads=1)
    made.open()
    return made


def test_a_query_too_large_for_the_normal_memory_is_answered(file: DuckDBFile) -> None:
    with pytest.raises(RetryLater) as refused, file.reading() as cursor:
        cursor.execute(LARGE)
    assert isinstance(refused.value.__cause__, duckdb.OutOfMemoryException)
    before = limit_of(file)
    assert file.query(lambda cursor: cursor.execute(LARGE).fetchall()) == [(20_000_000,)]
    assert limit_of(file) == before
    file.close()


def test_the_larger_memory_lasts_until_the_last_large_query_ends(file: DuckDBFile) -> None:
    before = limit_of(file)
    with file.more_memory():
        with file.more_memory():
            pass
        assert limit_of(file) != before
    assert limit_of(file) == before
    file.close()


def test_a_store_reads_more_than_its_normal_memory(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb", memory_limit_mb=16)
    series = [key(device=f"gh-{number}") for number in range(50)]
    each = 20_000
    times = np.tile(np.arange(each, dtype=np.int64) * 1000, len(series))
    index = np.repeat(np.arange(len(series), dtype=np.int32), each)
    value = np.arange(len(times), dtype=np.float64)
    store.write(WriteBatch(Points(series, index, times, value, np.ones(len(times), np.uint8))))
    found = store.raw(SeriesFilter("acme"), 0, each * 1000, limit=each - 1)
    assert [len(samples.value) for samples in found] == [each - 1] * len(series)
    assert float(sum(samples.value.sum() for samples in found)) == sum(range(len(times))) - sum(
        range(each - 1, len(times), each)
    )
    store.close()
