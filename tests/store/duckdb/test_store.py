"""The DuckDB file: reopening, other processes, damage, readers beside the writer."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.contract.records import Descriptor
from headland.errors import DataDamaged, RetryLater, SettingsError
from headland.store.duckdb.paths import size_of, wal_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, MarkState, Points, SeriesFilter, WriteBatch, WriteResult
from tests.store.batches import EVERYTHING, ORG, Row, batch, event, key, rows_of

A = key("air_temperature_degc")
B = key("relative_humidity_pct", simulated=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def filled(path: Path) -> DuckDBStore:
    store = DuckDBStore(path)
    store.describe(ORG, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="House", simulated=True))
    store.write(
        batch(
            (A, 10, 1.0),
            (A, 20, 2.0),
            (B, 10, 5.0, 3),
            (A, 900, 9.0),
            events=[event(10, mode="AUTO")],
            marks=[Mark("gw-1", "e1", 1, 4), Mark("gw-1", "e1", 7, 8)],
            latest_until_ms=100,
        )
    )
    store.write(batch((A, 10, 8.0), marks=[Mark("gw-1", "e1", 5, 5)]))
    return store


def test_the_counters_tell_the_memory_of_duckdb(tmp_path: Path) -> None:
    with closing(DuckDBStore(tmp_path / "store.duckdb")) as store:
        assert 0 < store.info().counters["memory_bytes"] < 64 * 2**20


def test_a_reopened_store_answers_as_before(path: Path) -> None:
    store = filled(path)
    before = (
        rows_of(store),
        store.series(EVERYTHING),
        store.last(EVERYTHING),
        store.devices(ORG),
        store.events(ORG, 0, 99),
        store.marks(),
        store.info().points,
        store.info().counters["conflicts"],
    )
    store.close()
    again = DuckDBStore(path)
    assert before == (
        rows_of(again),
        again.series(EVERYTHING),
        again.last(EVERYTHING),
        again.devices(ORG),
        again.events(ORG, 0, 99),
        again.marks(),
        again.info().points,
        again.info().counters["conflicts"],
    )
    assert again.marks() == {("gw-1", "e1"): MarkState(5, ((7, 8),))}
    assert [(latest.key, latest.time_ms) for latest in again.last(EVERYTHING)] == [(A, 20), (B, 10)]
    assert again.write(batch((A, 10, 1.0), (A, 900, 9.0), (B, 11, 6.0))) == WriteResult(1, duplicate=2)
    again.close()


def test_a_conflict_is_recorded_with_the_time_it_was_seen(path: Path) -> None:
    filled(path).close()
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT ts, v, q, seen_ms > 1700000000000 FROM conflicts").fetchall()
    assert rows == [(10, 8.0, 1, True)]


def test_a_second_process_is_refused_with_a_sentence(path: Path) -> None:
    store = DuckDBStore(path)
    code = (
        "import sys; from pathlib import Path; from headland.store.duckdb.store import DuckDBStore\n"
        "from headland.errors import RetryLater\n"
        "try: DuckDBStore(Path(sys.argv[1]))\n"
        "except RetryLater as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    assert "is in use by another process (process " in told
    assert "DuckDB" not in told
    assert "\n" not in told.strip()
    assert store.write(batch((A, 1, 1.0))) == WriteResult(1)
    store.close()


def test_a_second_opening_in_the_same_process_is_refused(path: Path) -> None:
    store = DuckDBStore(path)
    with pytest.raises(RetryLater, match="already open in this process"):
        DuckDBStore(path)
    store.close()
    DuckDBStore(path).close()


@pytest.mark.parametrize("damage", ["garbage", "empty", "header"])
def test_a_file_of_which_nothing_can_be_read_is_moved_aside_and_never_wiped(path: Path, damage: str) -> None:
    store = DuckDBStore(path)
    random = np.random.default_rng(3)
    count = 200_000
    time_ms = np.arange(count, dtype=np.int64)
    index, flags = np.zeros(count, np.int32), np.ones(count, np.uint8)
    store.write(WriteBatch(Points([A], index, time_ms, random.normal(size=count), flags)))
    store.close()
    whole = path.read_bytes()
    spoiled = {
        "garbage": b"this is not a database " * 1000,
        "empty": b"",
        "header": bytes(12_288) + whole[12_288:],
    }[damage]
    path.write_bytes(spoiled)
    with pytest.raises(DataDamaged, match="was moved to"):
        DuckDBStore(path)
    (moved,) = path.parent.glob("store.duckdb.damaged-*")
    assert moved.read_bytes() == spoiled
    assert not path.exists()
    fresh = DuckDBStore(path)
    assert fresh.write(batch((A, 1, 1.0))) == WriteResult(1)
    (said,) = fresh.info().damage
    assert moved.name in said
    fresh.close()


def test_files_moved_aside_in_the_same_second_keep_their_own_names(path: Path) -> None:
    for _ in range(3):
        path.write_bytes(b"no database")
        with pytest.raises(DataDamaged):
            DuckDBStore(path)
    assert len(list(path.parent.glob("store.duckdb.damaged-*"))) == 3


def test_a_newer_schema_is_refused_and_the_file_unchanged(path: Path) -> None:
    filled(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(SettingsError, match=r"newer Headland \(schema 99"):
        DuckDBStore(path)
    assert path.exists()


def test_a_database_of_another_program_is_refused_and_unchanged(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(SettingsError, match="not a Headland store"):
        DuckDBStore(path)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT table_name FROM information_schema.tables").fetchall() == [("theirs",)]


def test_a_folder_that_cannot_be_made_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot be used"):
        DuckDBStore(tmp_path / "file" / "store.duckdb")


def test_a_failed_transaction_changes_nothing_and_the_same_batch_may_be_sent_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(path)
    before = (rows_of(store), store.last(EVERYTHING), store.marks(), store.series(EVERYTHING), store.info().points)
    new = key("co2_ppm")
    sent = batch((new, 5, 1.0), (A, 30, 3.0), events=[event(50)], marks=[Mark("gw-2", "e", 1, 1)])
    with monkeypatch.context() as broken:
        broken.setattr("headland.store.duckdb.sql.ADD_EVENTS", "SELECT error('the disk is full' || $low || $high)")
        with pytest.raises(RetryLater, match="the disk is full"):
            store.write(sent)
    assert before == (
        rows_of(store),
        store.last(EVERYTHING),
        store.marks(),
        store.series(EVERYTHING),
        store.info().points,
    )
    assert store.events(ORG, 50, 51) == []
    assert store.write(sent) == WriteResult(2)
    assert store.series(EVERYTHING) == [A, new, B]
    store.close()


def test_one_poisoned_batch_does_not_fail_its_neighbours(path: Path) -> None:
    store = DuckDBStore(path)
    poison = batch((A, 1, 1.0), events=[event(2**70)])

    def send(number: int) -> WriteResult | str:
        try:
            return store.write(poison if number % 5 == 0 else batch((A, 100 + number, 1.0)))
        except OverflowError:
            return "refused"

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(send, range(50)))
    assert results == ["refused" if number % 5 == 0 else WriteResult(1) for number in range(50)]
    assert len(rows_of(store)) == 40
    store.close()


def test_a_log_that_grows_slowly_is_moved_into_the_file_sooner(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.store.duckdb.writer._SLOW_CHECKPOINT_BYTES", 1)
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0)))
        store._writer.run(lambda: None)
        assert size_of(wal_of(path))
        monkeypatch.setattr("headland.store.duckdb.writer._SLOW_LOG_S", 0.0)
        store.write(batch((A, 2, 2.0)))
        store._writer.run(lambda: None)
        assert not size_of(wal_of(path))


def test_readers_beside_the_writer_see_whole_batches(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The log is moved into the file under their eyes, every few batches.
    monkeypatch.setattr("headland.store.duckdb.writer._CHECKPOINT_BYTES", 20_000)
    store = DuckDBStore(path)
    series = [key(f"channel_{number}_degc") for number in range(5)]
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = store.raw(EVERYTHING, 0, 10**6)
            if len({len(samples.time_ms) for samples in found}) > 1:
                failures.append("torn")
            store.buckets(EVERYTHING, 0, 10**6, 1000)
            store.last(SeriesFilter(ORG, device="gh-1"))

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for start in range(0, 2000, 50):
                rows: list[Row] = [(each, time_ms, 1.0) for each in series for time_ms in range(start, start + 50)]
                assert store.write(batch(*rows)) == WriteResult(250)
                assert store.last(EVERYTHING)[0].time_ms == start + 49
        finally:
            done.set()
        for reader in readers:
            reader.result(timeout=120)
    assert failures == []
    told = store.info()
    assert (told.points, told.counters["failed_transactions"]) == (10_000, 0)
    store.close()


def test_writers_that_wait_together_each_get_their_own_result(path: Path) -> None:
    store = DuckDBStore(path)

    def send(number: int) -> WriteResult:
        return store.write(
            batch((A, number // 2, 1.0), (A, 1000 + number, 1.0), marks=[Mark("gw", "e", number, number)])
        )

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(send, range(1, 201)))
    assert sum(result.accepted for result in results) == 101 + 200
    assert all(result.accepted + result.duplicate == 2 for result in results)
    assert store.marks() == {("gw", "e"): MarkState(200)}
    assert store.info().counters["transactions"] < 200
    store.close()


def test_a_long_log_is_moved_into_the_file_and_marks_are_pruned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.store.duckdb.writer._CHECKPOINT_BYTES", 2000)
    store = DuckDBStore(path)
    for number in range(1, 40):
        store.write(batch((A, number, 1.0), marks=[Mark("gw", "e", number, number)]))
    store.close()
    again = DuckDBStore(path)
    assert (again.marks(), again.info().points) == ({("gw", "e"): MarkState(39)}, 39)
    again.close()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert len(connection.execute("SELECT * FROM source_mark").fetchall()) < 39


def test_closing_waits_for_writes_in_progress(path: Path) -> None:
    store = DuckDBStore(path)
    stored: list[int] = []

    def send() -> None:
        try:
            for number in range(100_000):
                store.write(batch((A, number, 1.0)))
                stored.append(number)
        except RetryLater:
            return

    thread = threading.Thread(target=send, name="sender")
    thread.start()
    wait_until(lambda: len(stored) > 5)
    store.close()
    thread.join(120)
    again = DuckDBStore(path)
    assert [row[1] for row in rows_of(again)] == stored
    again.close()


def wait_until(condition: Callable[[], bool], deadline_s: float = 120.0) -> None:
    waiting = threading.Event()
    for _ in range(int(deadline_s * 200)):
        if condition():
            return
        waiting.wait(0.005)
    raise AssertionError("the condition was not met in time")


def test_closing_interrupts_a_reader_that_takes_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.store.duckdb.file._WAIT_FOR_READERS_S", 0.05)
    store = filled(path)
    monkeypatch.setattr(
        "headland.store.duckdb.sql.EVENTS",
        "SELECT count(*) FROM range(1000000000) a (x), range(1000000) b (y) WHERE x + y = 7 "
        "AND concat($organisation, $device, $start, $end, $limit) <> ''",
    )
    begun = threading.Event()

    def ask() -> None:
        begun.set()
        store.events(ORG, 0, 99)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        begun.wait(120)
        wait_until(lambda: len(store._file._borrowed) > 0)
        store.close()
        with pytest.raises(RetryLater):
            asking.result(120)
    again = DuckDBStore(path)
    assert again.info().points == 4
    again.close()


def test_a_large_limit_holds_for_each_series_also_where_some_have_more(path: Path) -> None:
    store = DuckDBStore(path)
    times = np.arange(12_000, dtype=np.int64)
    index = np.concatenate((np.zeros(12_000, np.int32), np.ones(7, np.int32)))
    time_ms = np.concatenate((times, times[:7]))
    store.write(WriteBatch(Points([A, B], index, time_ms, time_ms.astype(float), np.ones(len(index), np.uint8))))
    for limit, lengths in ((10_000, [10_000, 7]), (11_999, [11_999, 7]), (12_007, [12_000, 7]), (2**70, [12_000, 7])):
        found = store.raw(EVERYTHING, 0, 20_000, limit)
        assert [len(samples.time_ms) for samples in found] == lengths
        assert all((np.diff(samples.time_ms) == 1).all() for samples in found)
    store.close()
