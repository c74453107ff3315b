"""A real disk that is full, read-only or fails: no accepted record is lost, and the spool recovers by itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.spool.disk_reserve import RESERVE_BYTES, DiskReserve
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from tests.edge.contents import content
from tests.machine import find_program

OWN_DISK = ("-rm", "--")


def on_a_disk_of_its_own(what: str) -> dict[str, Any]:
    unshare = find_program("unshare")
    assert unshare is not None
    allowed = subprocess.run([unshare, *OWN_DISK, "mount", "-t", "tmpfs", "none", "/mnt"], check=False)
    if allowed.returncode != 0:
        pytest.skip("this machine does not let a plain user mount a disk (user namespaces are off)")
    done = subprocess.run(
        [unshare, *OWN_DISK, sys.executable, "-m", "tests.edge.spool_on_small_disk", what],
        stdout=subprocess.PIPE,
        check=True,
    )
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.mark.services("unshare")
def test_a_full_disk_keeps_accepted_records_and_continues_when_records_are_confirmed() -> None:
    outcome = on_a_disk_of_its_own("fill")
    assert outcome["kept"]
    assert "full" in outcome["trouble_when_full"]
    # Deleting needs disk as well: the reserve gives it, so that a full disk does not stay full for ever.
    assert outcome["counters"]["confirmed"] == outcome["appended"] // 10 * 10
    assert outcome["again"] > 0
    assert outcome["left"][-1] == outcome["appended"] + outcome["again"]
    assert outcome["trouble"] == ""


@pytest.mark.services("unshare")
def test_a_read_only_disk_is_reported_in_a_sentence_and_keeps_its_records() -> None:
    outcome = on_a_disk_of_its_own("write_protect")
    assert outcome["refused"] == (
        "the spool /mnt/spool.sqlite cannot be opened: /mnt is read-only; the records in the spool are kept"
    )
    assert (outcome["same"], outcome["left"]) == (True, [1, 2])


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 10_000_000)
    yield spool
    spool.close()


def test_a_disk_that_stops_writing_is_counted_and_reported_and_not_mistaken_for_damage(spool: Spool) -> None:
    assert spool.append([content(1)])
    epoch = spool.epoch
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        assert not spool.append([content(2)])
        assert spool.confirm(epoch, 1), "it is of this epoch"
        assert [record.seq for record in spool.oldest(0, 10)] == [1], "what could not be deleted is still there"
        status = spool.status()
        spool.tidy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status.trouble != ""
    assert spool.counters()["disk_errors"] >= 2
    assert spool.append([content(2)])
    assert (spool.epoch, spool.status().trouble, spool.counters()["damaged"]) == (epoch, "", 0)
    assert [record.seq for record in spool.oldest(0, 10)] == [1, 2]


def test_a_deletion_that_the_disk_refuses_is_counted_and_reported(spool: Spool) -> None:
    assert spool.append([content(1)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        assert spool.confirm(spool.epoch, 1)
        trouble, counts = spool.status().trouble, spool.counters()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (trouble, counts["disk_errors"], counts["confirmed"]) == ("disk I/O error", 1, 0)


def test_the_reserve_is_allocated_once_and_released(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path / "spool.sqlite")
    file = tmp_path / "spool.sqlite.reserve"
    assert reserve.allocate()
    assert reserve.allocate()
    assert file.stat().st_size == RESERVE_BYTES
    reserve.release()
    assert not file.exists()
    assert DiskReserve(tmp_path / "spool.sqlite").allocate()
