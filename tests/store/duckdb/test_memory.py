"""Memory of the DuckDB engine: small in general, larger during a large query."""

from __future__ import annotations

import contextlib
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from headland.errors import HeadlandError, RetryLater
from headland.runtime.cancellation import CancellationToken, WorkCancelled, set_token
from headland.store.duckdb.file import DuckDBFile
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables import transaction
from headland.store.duckdb.tables.transaction import commit_group
from headland.store.port import Points, SeriesFilter, WriteBatch
from tests.store.batches import batch, key, rows_of

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


def test_many_buckets_are_made_in_the_normal_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    more_memory = DuckDBFile.more_memory

    def note(file: DuckDBFile, *limit_mb: int) -> AbstractContextManager[None]:
        if not limit_mb:  # a query's
            asked.append("more memory")
        return more_memory(file, *limit_mb)

    monkeypatch.setattr(DuckDBFile, "more_memory", note)
    store = DuckDBStore(tmp_path / "store.duckdb")
    each, series = 60_000, [key(device=f"gh-{number}") for number in range(20)]
    for number, one in enumerate(series):
        times = np.arange(each, dtype=np.int64) * 1000
        index, flags = np.zeros(each, np.int32), np.ones(each, np.uint8)
        store.write(WriteBatch(Points([one], index, times, (times + number).astype(np.float64), flags)))
    found = store.buckets(SeriesFilter("acme"), 0, each * 1000, 1000)
    assert [len(buckets.mean) for buckets in found] == [each] * len(series)
    assert found[3].start_ms[-1] == (each - 1) * 1000
    assert asked == []
    store.close()


def test_large_queries_run_one_after_another_and_a_waiting_one_can_be_cancelled(file: DuckDBFile) -> None:
    token = CancellationToken()
    ended: list[str] = []

    def second() -> None:
        set_token(token)
        try:
            with file.large_query():
                ended.append("ran")
        except WorkCancelled:
            ended.append("cancelled")

    with file.large_query():
        waiting = threading.Thread(target=second)
        waiting.start()
        token.cancel()
        waiting.join(120)
        assert ended == ["cancelled"]
    with file.large_query():
        pass
    file.close()


@pytest.mark.long
def test_the_first_samples_of_each_series_are_read_without_ranking_all(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb", memory_limit_mb=16)
    each, series = 5_000, [key(device=f"gh-{number}") for number in range(70)]
    times = np.tile(np.arange(each, dtype=np.int64)[::-1] * 10, len(series))
    index = np.repeat(np.arange(len(series), dtype=np.int32), each)
    store.write(WriteBatch(Points(series, index, times, times / 8, np.ones(len(times), np.uint8))))
    for devices in ([series[3]], series[:5], series):
        names = {one.device for one in devices}
        for limit in (0, 1, 7, each - 1, each, each + 1):
            found = [
                samples for name in sorted(names) for samples in store.raw(SeriesFilter("acme", name), 95, 10**9, limit)
            ]
            together = [one for one in store.raw(SeriesFilter("acme"), 95, 10**9, limit) if one.key.device in names]
            expected = list(range(100, each * 10, 10))[:limit]
            for answer in (found, sorted(together, key=lambda one: one.key.device)):
                assert [one.time_ms.tolist() for one in answer] == ([expected] * len(names) if limit else [])
                assert all((one.value == one.time_ms / 8).all() for one in answer)
    store.close()


def test_a_commit_for_which_readers_left_no_memory_is_repeated_with_more(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb", memory_limit_mb=16)
    store.write(batch((key(), 1000, 1.0)))
    count, each = 40_000, np.arange(40_000)
    many = Points([key()], np.zeros(count, np.int32), 10_000 + each, each.astype(float), np.ones(count, np.uint8))
    # As if others had nearly all of it.
    store._file.connection.cursor().execute("SET memory_limit = '1.5MB'").close()
    store.write(WriteBatch(many))
    assert len(rows_of(store)) == count + 1
    store.close()


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.TransactionException, duckdb.IOException])
def test_a_commit_that_is_stored_although_it_raises_is_stored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[duckdb.Error]
) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(batch((key(), 1000, 1.0)))
    failures = [error("Failed to commit: failed to pin block")]
    commit = transaction._commit

    def fail_once(connection: duckdb.DuckDBPyConnection) -> None:
        commit(connection)
        for failure in failures[:]:
            failures.remove(failure)
            failure.add_note(transaction._IN_COMMIT)
            raise failure

    monkeypatch.setattr(transaction, "_commit", fail_once)
    with contextlib.suppress(HeadlandError):  # its gateway sends it again
        store.write(batch((key(), 2000, 2.0)))
    store.write(batch((key(), 2000, 2.0)))
    store.write(batch((key(), 3000, 3.0)))
    assert [row[1] for row in rows_of(store)] == [1000, 2000, 3000]
    store.close()


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.TransactionException])
def test_a_transaction_whose_rollback_failed_as_well_stops_no_later_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[duckdb.Error]
) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.write(batch((key(), 1000, 1.0)))
    failures = [error("Failed to commit: failed to pin block")]

    def fail_once(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> Any:
        if not failures:
            return commit_group(connection, *arguments)
        connection.execute("BEGIN TRANSACTION")
        with contextlib.suppress(duckdb.Error):
            connection.execute("SELECT error('it is aborted now')")
        raise failures.pop()

    monkeypatch.setattr("headland.store.duckdb.writer.commit_group", fail_once)
    for second in range(2, 4):
        store.write(batch((key(), second * 1000, float(second))))
    assert [row[1] for row in rows_of(store)] == [1000, 2000, 3000]
    store.close()


def test_what_nobody_reads_any_more_leaves_the_cache_of_the_file(file: DuckDBFile) -> None:
    file.connection.execute("CREATE TABLE read_once AS SELECT random() AS x FROM range(800_000)")
    file.checkpoint()

    def read() -> float:
        found = file.query(lambda cursor: cursor.execute("SELECT sum(x) FROM read_once").fetchall())
        return float(found[0][0])

    total, before = read(), limit_of(file)
    held = file.memory_bytes()
    assert held > 5 * 2**20
    with file.reading():
        assert not file.release_cache(2**20)
    with file.more_memory():
        assert not file.release_cache(2**20)
    assert file.memory_bytes() >= held
    assert file.release_cache(2**20)
    assert file.memory_bytes() < 2 * 2**20
    assert limit_of(file) == before
    assert read() == pytest.approx(total)
    file.close()
