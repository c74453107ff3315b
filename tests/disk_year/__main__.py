"""Run a farm for a simulated year on a disk of 2 GB, with and without a retention, and print the figures.

python -m tests.disk_year                  # as root: a file system of its own on a loop device
unshare --user --map-root-user --mount python -m tests.disk_year --filesystem tmpfs
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from headland.store.core.rollup import Retention
from tests.disk_year.disk import disk_of
from tests.disk_year.year import Plan, Report, simulate

#: The warning comes so long before the first write that fails, at least.
LEAST_WARNING_DAYS = 7.0


def main() -> int:
    """Run what was asked for; return 1 where something was unsaid, lost or not warned of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--disk-mb", type=int, default=2000)
    parser.add_argument("--other-mb", type=int, default=1000, help="what else is on the disk")
    parser.add_argument("--houses", type=int, default=4)
    parser.add_argument("--every-s", type=float, default=1.0, help="seconds between two samples of a channel")
    parser.add_argument("--raw-days", type=int, default=90)
    parser.add_argument("--minute-days", type=int, default=180)
    parser.add_argument("--hour-days", type=int)
    parser.add_argument("--event-days", type=int, default=180)
    parser.add_argument("--filesystem", choices=("ext4", "tmpfs"), default="ext4")
    parser.add_argument("--only", choices=("kept", "for-ever"), help="one of the two years")
    options = parser.parse_args()
    plan = Plan(days=options.days, houses=options.houses, every_s=options.every_s)
    retention = Retention(options.raw_days, options.minute_days, options.hour_days, options.event_days)
    years = {"kept": replace(plan, retention=retention), "for-ever": plan}
    wrong = []
    for name, each in years.items():
        if options.only not in (None, name):
            continue
        with (
            tempfile.TemporaryDirectory(prefix="headland-disk-year-") as folder,
            disk_of(options.disk_mb * 10**6, Path(folder), options.filesystem) as disk,
        ):
            with (disk / "system").open("wb") as system:
                os.posix_fallocate(system.fileno(), 0, max(1, options.other_mb * 10**6))
            report = simulate(disk / "farm", each, (disk / "system").unlink)
        print(json.dumps({"year": name, **report.plain()}, indent=1), flush=True)
        wrong += [f"{name}: {what}" for what in faults_of(report, each)]
    print("\n".join(wrong) or "every sample, event and record is kept, or was deleted and said; warned in time")
    return 1 if wrong else 0


def faults_of(report: Report, plan: Plan) -> list[str]:
    """Return what is unsaid, lost or not warned of."""
    faults = [
        f"{count} {what} are unsaid"
        for what, count in (
            ("samples", report.unsaid_samples),
            ("events", report.unsaid_events),
            ("records", report.unsaid_records),
            ("alarms", report.alarms_closed - report.alarms_kept - report.alarms_deleted),
        )
        if count
    ]
    if report.audit_broken_at is not None:
        faults.append(f"the audit log is broken at entry {report.audit_broken_at}")
    if report.first_failed_write_day is None:
        if report.days < plan.days:
            faults.append(f"the year ended at day {report.days}")
        return faults
    before = report.warned_before_days
    if before is None or before < LEAST_WARNING_DAYS:
        said = "nobody was warned" if before is None else f"warned {before:.1f} days before"
        faults.append(f"a write failed at day {report.first_failed_write_day:.1f}, {said}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
