"""Back-ups hold one instant of a store in use, restores are complete or refused, exports are exact."""

from __future__ import annotations

import csv
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from headland.contract.records import Descriptor
from headland.errors import DataDamaged, SettingsError
from headland.store.duckdb.copies.backup import restore
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables.compaction import no_progress
from headland.store.port import Mark, MarkState, SeriesFilter
from headland.units_of_time import DAY_MS
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of

NOW_MS = 1_780_000_000_000
A, B = key("air_temperature_degc"), key("co2_ppm", device="it's", simulated=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "farm.duckdb"


def filled(path: Path) -> DuckDBStore:
    store = DuckDBStore(path)
    store.describe(ORG, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="House"))
    store.write(
        batch(
            *((A, NOW_MS + number * 1000, number / 8) for number in range(500)),
            (B, NOW_MS, 400.5, 3),
            events=[event(NOW_MS)],
            marks=[Mark("gw-1", "e", 1, 7), Mark("gw-1", "e", 9, 9)],
        )
    )
    store.write(batch((A, NOW_MS, 99.0)))
    return store


def everything(store: DuckDBStore) -> list[object]:
    return [
        rows_of(store),
        store.last(EVERYTHING),
        store.devices(ORG),
        store.events(ORG, 0, 2**60),
        store.conflicts(ORG, 0, 2**60),
        store.marks(),
        [each.count.tolist() for each in store.buckets(EVERYTHING, NOW_MS // DAY_MS * DAY_MS, NOW_MS * 2, DAY_MS)],
    ]


def test_the_unfinished_file_of_a_killed_back_up_is_removed_at_the_next_start_or_back_up(
    path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "usb" / "one.duckdb"
    script = (
        "import os, sys; from pathlib import Path; from headland.store.duckdb.store import DuckDBStore\n"
        "end = lambda words, fraction: os._exit(9) if words == 'verifying' else None\n"
        "DuckDBStore(Path(sys.argv[1])).back_up(Path(sys.argv[2]), 0, end)"
    )
    filled(path).close()
    part = target.with_name("one.duckdb.part")
    for clean in (lambda store: None, lambda store: store.back_up(target, NOW_MS)):
        killed = subprocess.run([sys.executable, "-c", script, str(path), str(target)], check=False)
        assert (killed.returncode, part.exists()) == (9, True)
        store = DuckDBStore(path)
        clean(store)
        store.close()
        assert not part.exists()
        assert sorted(each.name for each in path.parent.iterdir()) == ["farm.duckdb", "farm.duckdb.parity"]
    assert target.exists()


def test_a_restored_back_up_answers_as_the_store_did(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    store.roll_up()
    said: list[str] = []
    made = store.back_up(tmp_path / "o'b.duckdb", NOW_MS, lambda words, _: said.append(words))
    before = everything(store)
    store.write(batch((A, NOW_MS * 2, 1.0)))
    assert (made.points, made.events, made.made_ms) == (501, 1, NOW_MS)
    assert "verifying" in said
    told = restore(made.path, tmp_path / "new" / "farm.duckdb", no_progress)
    assert (told.points, told.events, told.made_ms) == (501, 1, NOW_MS)
    again = DuckDBStore(told.path)
    assert everything(again) == before
    assert again.marks() == {("gw-1", "e"): MarkState(7, ((9, 9),))}
    second = again.back_up(tmp_path / "second.duckdb", NOW_MS, no_progress)
    assert second.points == 501
    again.close()
    store.close()


def test_a_back_up_taken_while_batches_are_written_holds_their_samples_and_marks_of_one_instant(
    path: Path, tmp_path: Path
) -> None:
    store = DuckDBStore(path)
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            rows = [(A, number * 100 + each, 1.0) for each in range(100)]
            store.write(batch(*rows, events=[event(number)], marks=[Mark("gw", "e", number, number)]))

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            made = [store.back_up(tmp_path / f"{number}.duckdb", NOW_MS) for number in range(4)]
        finally:
            done.set()
        writer.result(120)
    store.close()
    assert made[-1].points > made[0].points
    for number, each in enumerate(made):
        restored = DuckDBStore(restore(each.path, tmp_path / f"restored-{number}.duckdb", no_progress).path)
        batches = restored.info().points // 100
        assert len(rows_of(restored)) == each.points == batches * 100
        assert restored.marks() == ({("gw", "e"): MarkState(batches)} if batches else {})
        assert len(restored.events(ORG, 0, 2**60)) == batches
        restored.close()


def test_nothing_is_ever_overwritten(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    made = store.back_up(tmp_path / "b.duckdb", NOW_MS)
    with pytest.raises(SettingsError, match="nothing is overwritten"):
        store.back_up(made.path, NOW_MS)
    with pytest.raises(SettingsError, match="nothing is overwritten"):
        restore(made.path, path, no_progress)
    with pytest.raises(SettingsError, match="nothing is overwritten"):
        store.export(EVERYTHING, made.path, 0, 1)
    assert store.info().points == 501
    store.close()


@pytest.mark.parametrize("damage", ["cut", "garbage", "a store", "other rows"])
def test_an_incomplete_back_up_is_refused_and_leaves_nothing(path: Path, tmp_path: Path, damage: str) -> None:
    store = filled(path)
    made = store.back_up(tmp_path / "b.duckdb", NOW_MS)
    store.close()
    backup = made.path
    if damage == "cut":
        backup.write_bytes(backup.read_bytes()[: made.size_bytes // 2])
    elif damage == "garbage":
        backup.write_bytes(b"no database " * 5000)
    elif damage == "a store":
        backup = path
    else:
        with duckdb.connect(str(backup)) as connection:
            connection.execute("UPDATE points SET v = v + 1 WHERE second_s = (SELECT min(second_s) FROM points)")
    target = tmp_path / "new.duckdb"
    with pytest.raises((DataDamaged, SettingsError), match=r"readable|match its note|not a back-up made"):
        restore(backup, target, no_progress)
    assert [each.name for each in tmp_path.glob("new*")] == []


def test_a_missing_back_up_raises_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no back-up"):
        restore(tmp_path / "none", tmp_path / "new", no_progress)


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz"])
def test_a_long_export_has_a_row_for_each_sample_with_its_unit(path: Path, tmp_path: Path, ending: str) -> None:
    store = filled(path)
    out = tmp_path / f"out.{ending}"
    told = store.export(EVERYTHING, out, NOW_MS, NOW_MS + 3000)
    assert (told.series, told.samples, told.rows) == (2, 4, 4)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT time_ms, time_utc::VARCHAR, device, channel, unit, value, quality, simulated FROM '{out}'"
        ).fetchall()
    assert [row[0] - NOW_MS for row in found] == [0, 1000, 2000, 0]
    assert found[1][2:] == ("gh-1", "air_temperature_degc", "degC", 0.125, 1, False)
    assert found[3][2:] == ("it's", "co2_ppm", "ppm", 400.5, 3, True)
    assert found[0][1].startswith("2026-05-28")
    with duckdb.connect() as connection:
        (kind,) = connection.execute(f"SELECT DISTINCT typeof(time_utc) FROM '{out}'").fetchall()[0]
    # A program that reads Parquet gets times, as from the API.
    assert kind == "TIMESTAMP WITH TIME ZONE" or ending != "parquet"
    store.close()


def test_a_wide_export_has_a_column_for_each_channel_and_its_quality(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    store.write(batch((key("co2_ppm"), NOW_MS + 1000, 410.0, 2)))
    out = tmp_path / "out.csv"
    told = store.export(SeriesFilter(ORG, device="gh-1"), out, NOW_MS, NOW_MS + 2000, "wide")
    assert (told.samples, told.rows) == (3, 2)
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["time_utc"] for row in rows] == ["2026-05-28T20:26:40.000Z", "2026-05-28T20:26:41.000Z"]
    assert [(row["air_temperature_degc"], row["co2_ppm"], row["co2_ppm.quality"]) for row in rows] == [
        ("0.0", "", ""),
        ("0.125", "410.0", "2"),
    ]
    store.close()


def test_an_export_of_nothing_is_a_table_without_rows_and_an_unknown_ending_is_refused(
    path: Path, tmp_path: Path
) -> None:
    store = filled(path)
    assert store.export(SeriesFilter("nobody"), tmp_path / "none.csv", 0, 2**60).rows == 0
    assert (tmp_path / "none.csv").read_text().startswith("time_ms,time_utc,site,device_kind,device,channel,unit,value")
    with pytest.raises(SettingsError, match=r"must end in \.parquet"):
        store.export(EVERYTHING, tmp_path / "out.xlsx", 0, 1)
    store.close()
