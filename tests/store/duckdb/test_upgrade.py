"""Files of earlier schemas open with all their data."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.errors import RetryLater
from headland.store.duckdb import sql
from headland.store.duckdb.copies import backup
from headland.store.duckdb.file import migrate_schema
from headland.store.duckdb.paths import wal_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.compaction import no_progress
from headland.store.duckdb.tables.contents import load_state
from headland.store.duckdb.tables.frontier_table import POSITIONS
from headland.store.port import Mark, MarkState, Points, SeriesFilter, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS, WEEK_MS
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of
from tests.store.earlier_schema import write_as_schema

RELEASED = Path(__file__).with_name("schema_1.sql")
DAY_ONE_MS = 1_780_272_000_000
A, B = key("air_temperature_degc"), key("co2_ppm", simulated=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(RELEASED.read_text())
    return path


def test_an_upgraded_store_keeps_everything(path: Path) -> None:
    store = DuckDBStore(path)
    assert (store.info().points, store.info().series) == (2006, 3)
    rows = rows_of(store)
    assert rows[:3] == [(A, -3_600_000, 2.5, 2), (A, -1, 7.5, 1), (A, DAY_ONE_MS, 0.0, 3)]
    assert [row[1:] for row in rows if row[0] == B] == [
        (DAY_ONE_MS - 1, 399.0, 9),
        (DAY_ONE_MS, 400.0, 1),
        (4_102_444_800_000, 1.0, 1),
    ]
    assert rows_of(store, SeriesFilter("other"))[0][1:] == (5, 120.25, 1)
    assert store.marks() == {("gw-1", "e1"): MarkState(5, ((7, 8),))}
    assert store.events(ORG, 0, 99) == [event(10, mode="AUTO").event]
    assert [(one.stored, one.value, one.seen_ms) for one in store.conflicts(ORG, 0, 2**60)] == [
        (400.0, 401.0, 1_780_272_000_500)
    ]
    assert [(one.key, one.time_ms) for one in store.last(EVERYTHING)] == [
        (A, DAY_ONE_MS + 1_199_400_000),
        (B, DAY_ONE_MS),
    ]
    described = store.devices(ORG)[0].descriptor
    assert (described.device, described.simulated) == ("gh-1", True)
    store.close()


def test_an_upgraded_store_has_rollups_and_accepts_more(path: Path) -> None:
    store = DuckDBStore(path)
    window = (SeriesFilter(ORG, channels=frozenset({A.channel})), DAY_ONE_MS, DAY_ONE_MS + 14 * DAY_MS)
    before = {step: store.buckets(*window, step)[0] for step in (HOUR_MS, DAY_MS, 7_777)}
    assert before[DAY_MS].count.sum() == 1800
    assert store.figures().stale_hours > 300
    store.roll_up()
    assert store.figures().stale_hours == 0
    for step, expected in before.items():
        (found,) = store.buckets(*window, step)
        np.testing.assert_array_equal(found.count, expected.count)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12)
    assert store.write(batch((A, DAY_ONE_MS, 0.0), (A, DAY_ONE_MS + 1, 1.0))).accepted == 1
    assert store.compact(DAY_ONE_MS + 30 * DAY_MS).sorted_samples > 2000
    assert store.info().points == 2007
    store.close()


def test_an_upgraded_store_has_rows_of_five_minutes_where_it_had_minutes(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    store = DuckDBStore(path)
    times = [DAY_ONE_MS + at * 9_000 for at in range(800)]
    store.write(batch(*((A, time_ms, float(time_ms % 89)) for time_ms in times)))
    store.roll_up()
    window = (EVERYTHING, DAY_ONE_MS, DAY_ONE_MS + 2 * HOUR_MS, HOUR_MS // 6)
    expected = store.buckets(*window)
    store.close()
    newest, path = path, tmp_path / "earlier.duckdb"
    with duckdb.connect(str(newest)) as connection:
        # As before the step: an hour with four samples a minute has rows of minutes.
        made = connection.execute("SELECT * FROM rollup_five_minutes ORDER BY ts").fetchall()
        minute = "ts - ts % 60000"
        connection.execute(
            f"INSERT INTO rollup_minutes SELECT sid, {minute}, q, count(*), sum(v), min(v), max(v), arg_max(v, ts), "
            f"max(ts) FROM {sql.SAMPLES} GROUP BY sid, {minute}, q"
        )
    write_as_schema(3, newest, path)
    store = DuckDBStore(path)
    assert store.figures().rollup_rows["five minutes"] == len(made) == 24
    for one, other in zip(store.buckets(*window), expected, strict=True):
        np.testing.assert_array_equal(one.count, other.count)
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
        np.testing.assert_array_equal(one.last, other.last)
    store.close()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the newest schema with sorted, unsorted, late, ahead and deleted samples, some of them before 1970."""
    path = tmp_path_factory.mktemp("mixed") / "store.duckdb"
    chance = np.random.default_rng(9)
    other = key("co2_ppm", organisation="other")
    store = DuckDBStore(path)
    store.write(batch((A, -1, 1.0), (A, -1000, 2.0), (A, -1001, 3.0), (A, -DAY_MS, 4.0)))
    store.write(batch((other, 5, 1.0), (other, 7, 2.0)))
    for day in range(9):
        # So many that every schema had rows of minutes of them.
        times = DAY_ONE_MS + day * DAY_MS + chance.permutation(np.arange(0, HOUR_MS, 2_901))
        rows = [(series, int(at), float(at % 97), int(at % 4)) for at in times for series in (A, B)]
        store.write(batch(*rows, events=[event(day)], marks=[Mark("gw", "e", day + 1, day + 1)]))
    store.write(batch((B, 4_102_444_800_001, 1.0), latest_until_ms=DAY_ONE_MS + 20 * DAY_MS))
    store.roll_up()
    store.compact(DAY_ONE_MS + 8 * DAY_MS)
    store.delete_before("other", 6)
    late = range(DAY_ONE_MS + 3, DAY_ONE_MS + 2 * DAY_MS, HOUR_MS // 3)
    store.write(batch(*((A, at, 5.5) for at in late), (A, DAY_ONE_MS + 8 * DAY_MS + 3, 2.0), (B, DAY_ONE_MS, 9.0)))
    store.write(batch((B, DAY_ONE_MS, 10.0)))
    store.close()
    return path


def answers_of(store: DuckDBStore) -> dict[str, object]:
    """What a store says, apart from means, which depend on the order in which they are added up."""
    windows = [(-2 * DAY_MS, DAY_MS, HOUR_MS), (DAY_ONE_MS - DAY_MS, DAY_ONE_MS + 10 * DAY_MS, HOUR_MS // 6)]
    windows += [(DAY_ONE_MS + 1, DAY_ONE_MS + 9 * DAY_MS + 1, 5 * HOUR_MS), (DAY_ONE_MS, DAY_ONE_MS + WEEK_MS, DAY_MS)]
    found = [each for window in windows for each in store.buckets(EVERYTHING, *window)]
    return {
        "rows": rows_of(store),
        "last": store.last(EVERYTHING),
        "newest": [each.time_ms.tolist() for each in store.raw(EVERYTHING, -(2**62), 2**62, 7, newest=True)],
        "buckets": [
            (each.key, *(getattr(each, name).tolist() for name in ("start_ms", "count", "low", "high", "last")))
            for each in found
        ],
        "marks": store.marks(),
        "events": store.events(ORG, 0, 99),
        "conflicts": store.conflicts(ORG, -(2**60), 2**60),
        "points": store.info().points,
        "oldest": store.figures().oldest_ms,
        "newest instant": store.figures().newest_ms,
    }


def frontier_of(path: Path) -> list[list[float]]:
    """The state of each series as opening loads it, but for how far nothing is stored above the latest."""
    with duckdb.connect(str(path)) as connection:
        state = load_state(connection)
    columns = state.frontier.columns(len(state.catalog))
    return [column.tolist() for name, column in columns.items() if name != "ahead_ms"]


@pytest.mark.parametrize(
    "version",
    [
        *(pytest.param(version, marks=pytest.mark.long) for version in range(2, len(sql.MIGRATIONS))),
        1,  # goes through all of them
    ],
)
def test_a_store_of_every_earlier_schema_answers_after_its_upgrade_as_before(
    mixed: Path, tmp_path: Path, version: int
) -> None:
    newest, path = tmp_path / "newest.duckdb", tmp_path / "store.duckdb"
    shutil.copyfile(mixed, newest)
    write_as_schema(version, newest, path)
    store, expected = DuckDBStore(path), DuckDBStore(newest)
    assert answers_of(store) == answers_of(expected)
    for each in (store, expected):
        assert each.write(batch((A, DAY_ONE_MS + 1, 0.5), (A, -1, 1.0), (A, -2, 1.0))).duplicate == 1
        each.roll_up()
    assert answers_of(store) == answers_of(expected)
    for each in (store, expected):
        each.delete_before(ORG, DAY_ONE_MS + 1)
        each.compact(DAY_ONE_MS + 40 * DAY_MS)
    assert answers_of(store) == answers_of(expected)
    store.close()
    expected.close()
    assert frontier_of(path) == frontier_of(newest)


def test_the_upgrade_keeps_the_order_of_the_rows_and_reads_the_frontier_anew(
    mixed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "store.duckdb"
    write_as_schema(4, mixed, path)
    order = "SELECT sid, {} AS ts, v, q FROM points ORDER BY rowid"
    with duckdb.connect(str(path)) as connection:
        before = connection.execute(order.format("ts")).fetchall()
        assert connection.execute(f"SELECT count(*) FROM {POSITIONS}").fetchall() == [(1,)]
        migrate_schema(connection, path, is_new=False)
        assert f"from schema 4 to {len(sql.MIGRATIONS)}: {len(before)} samples" in caplog.text
        assert connection.execute(order.format(sql.INSTANT)).fetchall() == before
        assert connection.execute("SELECT max(rowid) + 1 FROM points").fetchall() == [(len(before),)]
        assert connection.execute(f"SELECT count(*) FROM {POSITIONS}").fetchall() == [(0,)]
    assert frontier_of(path) == frontier_of(mixed)


def test_a_backup_of_an_earlier_schema_is_restored(mixed: Path, tmp_path: Path) -> None:
    made, path, newest = (tmp_path / f"{name}.duckdb" for name in ("backup", "restored", "newest"))
    write_as_schema(4, mixed, made)
    backup._sign(made, 7)
    assert backup.restore(made, path, no_progress).made_ms == 7
    shutil.copyfile(mixed, newest)
    store, expected = DuckDBStore(path), DuckDBStore(newest)
    assert answers_of(store) == answers_of(expected)
    store.close()
    expected.close()


@pytest.mark.parametrize(("column", "is_time"), [("v", False), ("ts", True)])
def test_what_is_left_of_a_damaged_file_of_an_earlier_schema_is_salvaged_and_upgraded(
    tmp_path: Path, column: str, is_time: bool
) -> None:
    newest, path = tmp_path / "newest.duckdb", tmp_path / "store.duckdb"
    count = 150_000
    chance = np.random.default_rng(3)
    samples = Points(
        [A],
        np.zeros(count, np.int32),
        np.cumsum(chance.integers(1, 10_000, count)),
        chance.normal(20, 3, count),
        np.ones(count, np.uint8),
    )
    store = DuckDBStore(newest)
    store.write(WriteBatch(samples))
    whole = {row[1]: row[2:] for row in rows_of(store)}
    store.close()
    write_as_schema(4, newest, path)
    place = (
        "SELECT block_id, block_offset FROM pragma_storage_info('points') "
        "WHERE column_name = ? AND segment_type <> 'VALIDITY' AND block_id >= 0 ORDER BY row_group_id"
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        block, offset = connection.execute(place, [column]).fetchall()[1]
    body = bytearray(path.read_bytes())
    at = 12_288 + 262_144 * block + 8 + offset
    body[at + 900 : at + 1412] = bytes(range(1, 129)) * 4
    path.write_bytes(body)
    store = DuckDBStore(path)
    found = rows_of(store)
    (note,) = store.damage()
    assert store.figures().schema == len(sql.MIGRATIONS)
    assert 0 < len(found) <= count
    assert all(value == whole[time_ms][0] for _, time_ms, value, quality in found if quality != 3)
    assert note.lost_samples == count - len(found)
    assert (note.lost_samples > 0) == is_time
    assert (note.suspect_samples > 0) != is_time
    store.close()


def test_every_step_of_the_schema_is_one_transaction_that_may_be_begun_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sql, "MIGRATIONS", (*sql.MIGRATIONS, "SELECT error('the power is gone')"))
        with pytest.raises(Exception, match="the power is gone"):
            DuckDBStore(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(1,)]
    store = DuckDBStore(path)
    assert (store.figures().schema, store.info().points) == (len(sql.MIGRATIONS), 2006)
    store.close()


@pytest.mark.parametrize("free_bytes", [0, 40_000_000])
def test_a_disk_without_room_for_the_upgrade_is_said_before_anything_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int
) -> None:
    before = path.read_bytes()
    whole = shutil.disk_usage(path.parent)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: whole._replace(free=free_bytes))
        with pytest.raises(RetryLater, match=r"needs \d+ MB of free disk.*Nothing was changed"):
            DuckDBStore(path)
    assert path.read_bytes() == before
    assert not wal_of(path).exists()
    store = DuckDBStore(path)
    assert store.info().points == 2006
    store.close()


def test_the_released_statements_are_still_the_first_migration() -> None:
    def words(text: str) -> list[str]:
        return text.split()

    released = RELEASED.read_text()
    start, end = released.index("CREATE TABLE series"), released.index("DELETE FROM schema_version")
    assert words(released[start:end]) == words(sql.MIGRATIONS[0])
