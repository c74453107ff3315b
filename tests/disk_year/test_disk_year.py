"""A farm on a small disk: nothing is deleted or lost unsaid, and the warning comes before the disk is full."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.disk_year.__main__ import faults_of
from tests.disk_year.year import Plan, Report

ROOT = Path(__file__).parents[2]
#: Room for some weeks, much beside what the nightly work takes for a while; a repair takes thrice the farm's size.
SMALL = ("--disk-mb", "400", "--other-mb", "330", "--every-s", "4")


def run_year(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the program on a disk in a namespace of its own; return its exit code, its report and its last line."""
    namespace = ("unshare", "--user", "--map-root-user", "--mount")
    command = (*namespace, sys.executable, "-m", "tests.disk_year", "--filesystem", "tmpfs", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    report, _, last = done.stdout.rpartition("}\n")
    assert report, done.stderr
    return done.returncode, json.loads(report + "}"), last.strip()


@pytest.mark.long
@pytest.mark.services("unshare")
def test_a_farm_without_a_retention_is_warned_before_its_disk_is_full() -> None:
    code, report, last = run_year(*SMALL, "--days", "365", "--only", "for-ever")
    assert code == 0, (last, report)
    assert report["first_failed_write_day"] is not None, report
    assert report["warned_before_days"] >= 7, report
    assert report["is_open_after_room"], report
    assert (report["deleted"], report["unsaid_samples"], report["unsaid_records"]) == (0, 0, 0)


@pytest.mark.long
@pytest.mark.services("unshare")
def test_a_farm_with_a_retention_goes_on_and_says_all_that_it_deletes() -> None:
    days = ("--raw-days", "8", "--minute-days", "9", "--hour-days", "10", "--event-days", "12")
    code, report, last = run_year(*SMALL, "--days", "36", *days, "--only", "kept")
    assert code == 0, (last, report)
    assert (report["days"], report["first_failed_write_day"]) == (36, None)
    assert report["deleted"] > report["kept"] > 0
    assert report["events_deleted"] > 0
    assert (report["unsaid_samples"], report["unsaid_events"], report["unsaid_records"]) == (0, 0, 0)
    assert report["most_deleted_days_a_night"] <= 7
    assert report["audit_broken_at"] is None


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (Report(days=365), []),
        (Report(days=365, written=9, kept=7, deleted=1), ["1 samples are unsaid"]),
        (Report(days=365, records=4, records_stored=2, records_expired=1), ["1 records are unsaid"]),
        (Report(days=365, events_written=1), ["1 events are unsaid"]),
        (Report(days=365, alarms_closed=5, alarms_kept=3, alarms_deleted=1), ["1 alarms are unsaid"]),
        (Report(days=365, audit_broken_at=7), ["the audit log is broken at entry 7"]),
        (Report(days=300), ["the year ended at day 300"]),
        (Report(first_failed_write_day=200.0), ["a write failed at day 200.0, nobody was warned"]),
        (
            Report(first_failed_write_day=200.0, warned_day=195.0),
            ["a write failed at day 200.0, warned 5.0 days before"],
        ),
        (Report(first_failed_write_day=200.0, warned_day=180.0), []),
    ],
)
def test_what_is_unsaid_or_not_warned_of_fails(report: Report, found: list[str]) -> None:
    assert faults_of(report, Plan()) == found
