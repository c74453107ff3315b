"""The spool keeps accepted records, and reports dropped ones."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.spool.limits.retention import choose_gaps
from edge.spool.queue import Spool
from edge.spool.schema import EVENTS, GAP, ROW_BYTES, TELEMETRY, SpoolRow
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.contract.records import Batch
from headland.errors import SettingsError
from tests.edge.contents import START_MS, batch_of, content
from tests.examples import examples

OWNER = SpoolOwner("gw-1", "home")
Open = Callable[..., Spool]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[Open]:
    opened: list[Spool] = []

    def open_one(max_bytes: int = 10_000_000, policy: Literal["thin", "drop"] = "thin") -> Spool:
        spool = Spool(
            tmp_path / "spool.sqlite",
            OWNER,
            max_bytes,
            retention=SpoolRetention(policy=policy),
            now_ms=lambda: START_MS,
        )
        opened.append(spool)
        return spool

    yield open_one
    for spool in opened:
        spool.close()


def numbers_of(batch: Batch) -> list[float | None]:
    return [value for block in batch.blocks for value in block.c["co2_ppm"][:1]]


def test_records_are_numbered_and_read_in_order(open_spool: Open) -> None:
    spool = open_spool()
    assert spool.append([content(1), content(2)])
    assert spool.append([content(3)])
    assert [(record.first, record.seq) for record in spool.oldest(0, 10)] == [(1, 1), (2, 2), (3, 3)]
    assert [record.seq for record in spool.oldest(1, 1)] == [2]
    assert [numbers_of(batch_of(record)) for record in spool.oldest(0, 10)] == [[1.0], [2.0], [3.0]]
    status = spool.status()
    assert (status.records, status.oldest_ms) == (3, START_MS + 1000)


def test_a_confirmation_deletes_up_to_it_and_no_number_is_reused(open_spool: Open) -> None:
    spool = open_spool()
    assert spool.append([content(number) for number in range(1, 4)])
    assert len(spool.oldest(0, 10)) == 3
    assert spool.confirm(spool.epoch, 2)
    assert [record.seq for record in spool.oldest(0, 10)] == [3]
    assert spool.confirm(spool.epoch, 3)
    assert spool.status().records == spool.status().bytes == 0
    spool.close()
    again = open_spool()
    assert again.append([content(4)])
    assert [record.seq for record in again.oldest(0, 10)] == [4]


def test_a_restart_keeps_epoch_and_content(open_spool: Open) -> None:
    spool = open_spool()
    assert spool.append([content(1), content(2, events=1)])
    before = (spool.epoch, spool.oldest(0, 10), spool.status())
    spool.close()
    again = open_spool()
    assert (again.epoch, again.oldest(0, 10), again.status()) == before


def test_a_confirmation_of_another_epoch_changes_nothing(open_spool: Open) -> None:
    spool = open_spool()
    assert spool.append([content(1)])
    assert not spool.confirm("0123456789abcdef", 99)
    assert spool.status().records == 1
    assert spool.counters()["foreign_acks"] == 1


def test_a_second_process_is_refused_with_a_reason(open_spool: Open) -> None:
    open_spool()
    with pytest.raises(SettingsError, match="cannot be opened: another process has it open"):
        open_spool()


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be opened"):
        Spool(tmp_path / "file" / "spool.sqlite", OWNER, 1_000_000)


def test_kill_9_loses_no_record_for_which_append_returned(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    epoch, last = "", 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-m", "tests.edge.spool_writer", str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        with writer.stdout:
            for _ in range(20):
                epoch, number = writer.stdout.readline().decode().split()
            writer.kill()
            printed = [line.split() for line in writer.stdout.read().decode().splitlines() if line.count(" ") == 1]
        writer.wait()
        last = max([int(number), *(int(line[1]) for line in printed)])
    spool = Spool(path, OWNER, 1_000_000_000)
    try:
        records = spool.oldest(0, 100_000)
        assert spool.epoch == epoch
        assert [record.seq for record in records] == list(range(1, spool.last_seq + 1))
        assert spool.last_seq >= last
        assert numbers_of(batch_of(records[last - 1])) == [float(last)]
    finally:
        spool.close()


@pytest.mark.parametrize(("damage", "most_missing"), [("overwritten", 60), ("cut", 550), ("no database", 1000)])
def test_a_damaged_file_is_moved_aside_and_reported_and_what_can_be_read_goes_on_in_a_new_epoch(
    open_spool: Open, tmp_path: Path, damage: str, most_missing: int
) -> None:
    spool = open_spool()
    for _ in range(20):
        assert spool.append([content(spool.last_seq + number, rows=200) for number in range(1, 51)])
    epoch = spool.epoch
    spool.close()
    path = tmp_path / "spool.sqlite"
    held = bytearray(path.read_bytes())
    if damage == "overwritten":
        held[4096:40960] = random.Random(1).randbytes(36864)
    elif damage == "cut":
        del held[len(held) // 2 :]
    else:
        held[:] = b"this is no database\n" * 1000
    path.write_bytes(held)
    again = open_spool()
    assert again.epoch != epoch
    assert again.counters()["damaged"] == 1
    assert (tmp_path / f"spool.sqlite.damaged-{START_MS}").read_bytes() == bytes(held)
    *salvaged, report = again.oldest(0, 10_000)
    moved, renewed, *shortened = batch_of(report).events
    assert (moved.kind, moved.device, moved.data["moved_to"]) == (
        "spool_damaged",
        "gw-1",
        f"spool.sqlite.damaged-{START_MS}",
    )
    assert (renewed.kind, renewed.data["reason"], renewed.data["epoch_before"]) == ("spool_renewed", "damaged", epoch)
    found = [round(number or 0) for record in salvaged for number in numbers_of(batch_of(record))]
    ranges = [(int(event.data["first_seq"] or 0), int(event.data["last_seq"] or 0)) for event in shortened]
    missing = [number for first, last in ranges for number in range(first, last + 1)]
    assert sorted(found + missing) == list(range(1, 1001)), "each record is there or named, and none twice"
    assert 0 < len(missing) <= most_missing
    assert {event.data["epoch"] for event in shortened} == {epoch}
    assert again.append([content(2)])


def test_damage_at_run_time_is_survived(open_spool: Open, tmp_path: Path) -> None:
    spool = open_spool()
    assert spool.append([content(number, rows=200) for number in range(500)])
    epoch = spool.epoch
    connection = spool._file.ready()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA cache_size=0")
    connection.execute("PRAGMA shrink_memory")
    with (tmp_path / "spool.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)
    for number in range(200):
        spool.append([content(number, rows=200)])
        spool.oldest(0, 1000)
    assert spool.epoch != epoch
    assert spool.counters()["damaged"] == 1
    assert spool.append([content(1)])


def test_a_full_disk_is_survived(open_spool: Open, caplog: pytest.LogCaptureFixture) -> None:
    spool = open_spool()
    assert spool.append([content(1)])
    connection = spool._file.ready()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 1}")
    big = content(2, events=1, text=random.Random(1).randbytes(20_000).hex())
    assert not spool.append([big])
    assert not spool.append([big])
    assert [record.seq for record in spool.oldest(0, 10)] == [1]
    assert spool.counters()["append_refused"] == 2
    assert caplog.text.count("accepts no more data") == 1
    connection.execute(f"PRAGMA max_page_count={pages + 100}")
    assert spool.append([big])
    assert [record.seq for record in spool.oldest(0, 10)] == [1, 2]
    assert "writable again" in caplog.text


def test_a_full_spool_drops_the_oldest_telemetry_and_reports_it(open_spool: Open) -> None:
    spool = open_spool(30_000, "drop")
    for number in range(1, 201):
        assert spool.append([content(number)])
        assert spool.status().bytes <= 30_000
    records = spool.oldest(0, 1000)
    gap, *rest = records
    assert gap.first == 1
    assert [record.seq for record in rest] == list(range(gap.seq + 1, 201))
    assert rest[-1].seq == 200
    batch = batch_of(gap)
    (event,) = batch.events
    assert batch.blocks == []
    assert event.kind == "spool_dropped"
    assert event.data == {
        "first_seq": 1,
        "last_seq": gap.seq,
        "records": gap.seq,
        "points": 5 * gap.seq,
        "from_ms": START_MS + 1000,
        "to_ms": START_MS + 1000 * gap.seq + 4,
    }
    status = spool.status()
    assert (status.dropped_records, status.dropped_points) == (gap.seq, 5 * gap.seq)
    spool.close()
    assert open_spool(30_000, "drop").status() == status


def test_records_with_events_are_not_dropped_for_telemetry(open_spool: Open) -> None:
    spool = open_spool(30_000)
    for number in range(1, 201):
        assert spool.append([content(number, events=int(number % 20 == 0))])
    batches = [batch_of(record) for record in spool.oldest(0, 1000)]
    alarms = [event.data["number"] for batch in batches for event in batch.events if event.kind == "alarm"]
    assert alarms == list(range(20, 201, 20))


def test_a_spool_full_of_events_refuses_more_and_keeps_them(open_spool: Open) -> None:
    spool = open_spool(20_000)
    accepted = [spool.append([content(number, events=1)]) for number in range(1, 101)]
    assert accepted[0]
    assert not accepted[-1]
    assert not spool.append([content(500)])
    alarms = [event.data["number"] for record in spool.oldest(0, 1000) for event in batch_of(record).events]
    assert alarms == list(range(1, sum(accepted) + 1))
    assert spool.confirm(spool.epoch, 10)
    assert spool.append([content(501)])


def test_a_confirmation_inside_a_gap_leaves_the_gap(open_spool: Open) -> None:
    spool = open_spool(20_000, "drop")
    for number in range(1, 101):
        assert spool.append([content(number)])
    gap = spool.oldest(0, 1)[0]
    assert gap.seq > 10
    assert spool.confirm(spool.epoch, 10)
    assert spool.oldest(0, 1)[0] == gap
    assert spool.confirm(spool.epoch, gap.seq)
    assert spool.oldest(0, 1)[0].first == gap.seq + 1


def test_a_restored_backup_gets_a_new_epoch_instead_of_used_numbers(open_spool: Open) -> None:
    spool = open_spool(20_000, "drop")
    for number in range(1, 101):
        assert spool.append([content(number)])
    gap, *rest = spool.oldest(0, 1000)
    epoch = spool.epoch
    assert spool.confirm(epoch, 5000)
    assert spool.epoch != epoch
    assert spool.counters()["renewed"] == 1
    fresh, *others, report = spool.oldest(0, 1000)
    assert [event.data["reason"] for event in batch_of(report).events] == ["ahead"]
    assert (fresh.first, fresh.seq) == (1, gap.seq)
    assert [numbers_of(batch_of(record)) for record in others] == [numbers_of(batch_of(record)) for record in rest]
    assert [record.seq for record in others] == list(range(gap.seq + 1, gap.seq + 1 + len(rest)))
    assert spool.append([content(101)])
    assert report.seq == others[-1].seq + 1
    assert spool.oldest(report.seq, 1)[0].seq == report.seq + 1
    status = spool.status()
    spool.close()
    assert open_spool(20_000, "drop").status() == status


def test_after_close_reads_are_empty_and_nothing_raises(open_spool: Open) -> None:
    spool = open_spool()
    spool.close()
    spool.close()
    assert not spool.append([content(1)])
    assert spool.oldest(0, 10) == []
    assert spool.status().records == 0


def test_a_newer_file_is_refused_and_left_alone(open_spool: Open, tmp_path: Path) -> None:
    open_spool().close()
    connection = sqlite3.connect(tmp_path / "spool.sqlite")
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(SettingsError, match="newer than this software"):
        open_spool()


@st.composite
def _rows(draw: st.DrawFn) -> list[SpoolRow]:
    rows: list[SpoolRow] = []
    seq = draw(st.integers(0, 5))
    for _ in range(draw(st.integers(0, 30))):
        kind = draw(st.sampled_from([TELEMETRY, TELEMETRY, TELEMETRY, EVENTS, GAP]))
        first = seq + 1
        seq = first + (draw(st.integers(0, 5)) if kind == GAP else 0)
        rows.append(SpoolRow(seq, first, kind, draw(st.integers(0, 500)), seq, seq + 1, draw(st.integers(100, 9000))))
    return rows


@settings(max_examples=examples(100), deadline=None)
@given(_rows(), st.integers(1, 60_000))
def test_gaps_cover_the_oldest_telemetry_without_a_hole_or_an_event(rows: list[SpoolRow], needed: int) -> None:
    gaps = choose_gaps(rows, needed)
    covered = [row for row in rows if any(gap.first <= row.first and row.seq <= gap.seq for gap in gaps)]
    assert all(row.kind != EVENTS for row in covered)
    assert sum(gap.rows for gap in gaps) == len(covered)
    assert sum(gap.bytes for gap in gaps) == sum(row.bytes + ROW_BYTES for row in covered)
    assert sum(gap.records for gap in gaps) == sum(row.kind == TELEMETRY for row in covered)
    dropped = [row.seq for row in covered if row.kind == TELEMETRY]
    assert dropped == [row.seq for row in rows if row.kind == TELEMETRY][: len(dropped)]
    for before, after in pairwise(gaps):
        assert before.seq < after.first


@pytest.mark.parametrize("killed_after", [None, 1, 2, 3], ids=str)
def test_an_empty_spool_that_is_deleted_at_its_end_misses_nothing_whenever_a_kill_cuts_that_off(
    open_spool: Open, tmp_path: Path, killed_after: int | None
) -> None:
    spool = open_spool()
    spool.append([content(1), content(2)])
    spool.oldest(0, 10)
    spool.close(delete_empty=True)
    assert (tmp_path / "spool.sqlite").exists()  # two records wait
    spool = open_spool()
    spool.oldest(0, 10)
    spool.confirm(spool.epoch, 2)
    files = [path.name for path in sorted(tmp_path.glob("spool.sqlite*"))]
    if killed_after is None:
        spool.close(delete_empty=True)
        assert not list(tmp_path.glob("spool.sqlite*"))
    else:
        # In the order of the deletion: the file and its log, the reserve, the check file.
        spool.close()
        order = ["spool.sqlite", "spool.sqlite.reserve", "spool.sqlite.check"]
        assert set(order) <= set(files)
        for name in order[:killed_after]:
            (tmp_path / name).unlink()
    again = open_spool()
    status = again.status()
    assert (status.shortened_records, status.trouble, again.is_unproven) == (0, "", False)
    again.append([content(3)])
    assert sum(len(batch_of(record).blocks) for record in again.oldest(0, 10)) == 1
