"""A file of the first released schema opens with all its data."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.store.duckdb import sql
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState, SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of

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
    with duckdb.connect(str(path)) as connection:
        # As before the step: an hour with four samples a minute has rows of minutes.
        made = connection.execute("SELECT * FROM rollup_five_minutes ORDER BY ts").fetchall()
        connection.execute("DROP TABLE rollup_five_minutes")
        minute = "ts - ts % 60000"
        connection.execute(
            f"INSERT INTO rollup_minutes SELECT sid, {minute}, q, count(*), sum(v), min(v), max(v), arg_max(v, ts), "
            f"max(ts) FROM points GROUP BY sid, {minute}, q"
        )
        connection.execute("UPDATE schema_version SET version = 3")
    store = DuckDBStore(path)
    assert store.figures().rollup_rows["five minutes"] == len(made) == 24
    for one, other in zip(store.buckets(*window), expected, strict=True):
        np.testing.assert_array_equal(one.count, other.count)
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
        np.testing.assert_array_equal(one.last, other.last)
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


def test_the_released_statements_are_still_the_first_migration() -> None:
    def words(text: str) -> list[str]:
        return text.split()

    released = RELEASED.read_text()
    start, end = released.index("CREATE TABLE series"), released.index("DELETE FROM schema_version")
    assert words(released[start:end]) == words(sql.MIGRATIONS[0])
