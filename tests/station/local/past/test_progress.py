"""Progress of a simulated past: the rest is told by the pace of this run, and not before there is one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headland.contract.file_imports import PastProgress
from station.local.folder import FarmFolder
from station.local.past.plan import PastPlan, write_plan
from station.local.past.progress import PastMeter, PastPart, PastTeller, read_progress

NEWEST, OLDER = PastPart("newest", 2.0, 3), PastPart("older", 12.0, 3)
END_MS = 1_796_200_000_000


def newest_made(took_s: float = 6.0) -> PastMeter:
    """Return a meter whose newest days took 3 s to be written, and a second for each of three tables."""
    meter = PastMeter([NEWEST, OLDER], ())
    meter.begin("newest", 0.0)
    meter.note_written(1.0, 3.0)
    for tables in range(4):
        meter.note_stored(tables, 3.0 + tables * (took_s - 3.0) / 3)
    meter.end()
    return meter


def test_the_rest_is_told_by_the_pace_of_the_part_that_is_written_and_of_the_tables() -> None:
    meter = newest_made()
    meter.begin("older", 6.0)
    meter.note_written(0.25, 8.0)
    # 36 days: 9 in 2 s, so 27 in 6 s; three tables of a second.
    assert meter.left_s() == pytest.approx(6.0 + 3.0)
    assert meter.fraction() == pytest.approx(1 - (27 + 36) / 84)
    assert meter.written() == pytest.approx(15.0)


def test_each_table_that_is_stored_shortens_the_rest_and_the_last_ends_it() -> None:
    meter = newest_made()
    meter.begin("older", 6.0)
    meter.note_written(1.0, 14.0)
    left = []
    for tables in range(3):
        meter.note_stored(tables, 14.0 + 2.0 * tables)
        left.append(meter.left_s())
    # Before one of their length is stored, the tables of two days tell; then their own.
    assert left == pytest.approx([3.0, 4.0, 2.0])
    meter.note_waiting(18.5)
    assert meter.left_s() == pytest.approx(1.5)
    meter.note_stored(3, 20.0)
    meter.end()
    assert meter.is_whole()
    assert meter.fraction() == 1.0


def test_before_a_quarter_is_measured_no_time_is_told() -> None:
    meter = PastMeter([NEWEST, OLDER], ())
    assert meter.left_s() is None
    meter = newest_made()
    meter.begin("older", 6.0)
    assert meter.left_s() is None
    meter.note_written(0.06, 6.5)
    assert meter.left_s() is None
    meter.note_written(0.13, 7.0)
    assert meter.left_s() is not None


def test_what_an_earlier_run_made_has_no_pace() -> None:
    meter = PastMeter([NEWEST, OLDER], ("newest",))
    meter.begin("older", 100.0)
    meter.note_written(0.5, 104.0)
    assert meter.fraction() == pytest.approx(1 - (18 + 36) / 84)
    # No table of this run is stored yet.
    assert meter.left_s() is None


def test_the_folder_tells_it_until_it_is_whole_and_no_time_once_nothing_moves(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    plan = PastPlan(scenario="jurong-farm", scale=None, seed=1, end_ms=END_MS)
    write_plan(folder, plan)
    jobs = plan.house_jobs()
    told = read_progress(folder, END_MS)
    assert told is not None
    assert (told.phase, told.fraction, told.left_s, told.days_total) == ("waiting", 0.0, None, 42.0)
    now_s = [0.0]
    teller = PastTeller(folder, jobs, (), lambda: now_s[0])
    for job in jobs:
        teller.begin(job.name)
        now_s[0] += 5.0
        teller.note_written(0.9)
        teller.note_stored(0)
        for table in range(1, job.house.compartments + 1):
            now_s[0] += 1.0
            teller.note_stored(table)
        told = read_progress(folder, 0)
        assert told is not None
        assert told.phase == "storing"
        stopped = read_progress(folder, told.told_ms + 60_000)
        assert stopped is not None
        assert (stopped.phase, stopped.left_s, stopped.fraction) == ("stopped", None, told.fraction)
        teller.end()
        plan = msgspec.structs.replace(plan, done=(*plan.done, job.name))
        write_plan(folder, plan)
    assert read_progress(folder, 0) is None
    assert msgspec.json.decode(msgspec.json.encode(told), type=PastProgress) == told
