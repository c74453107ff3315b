"""A real disk that is full, read-only or fails: nothing accepted is lost, and it goes on by itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.spool.disk_reserve import RESERVE_BYTES, Reserve
from edge.spool.overflow import SpoolOwner
from edge.spool.queue import Spool
from tests.edge.contents import content
from tests.machine import find_program

OWN_DISK = ("-rm", "--")


def on_a_disk_of_its_own(what: str) -> dict[str, Any]:
    unshare = find_program("unshare")
    assert unshare is not None
    allowed = subprocess.run([unshare, *OWN_DISK, "mount", "-t", "tmpfs", "none", "/mnt"], check=False)
    if allowed.returncode != 0:
        pytest.skip("this machine lets no plain user mount a disk of his own (user namespaces are off)")
    done = subprocess.run(
        [unshare, *OWN_DISK, sys.executable, "-m", "tests.edge.spool_on_small_disk", what],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.services("unshare")
def test_a_full_disk_keeps_what_was_accepted_and_goes_on_when_records_are_confirmed() -> None:
    found = on_a_disk_of_its_own("fill")
    assert found["kept"]
    assert "full" in found["said"]
    # Deleting needs disk as well: the reserve gives it, so that a full disk never stands still for ever.
    assert found["counters"]["confirmed"] == found["appended"] // 10 * 10
    assert found["again"] > 0
    assert found["left"][-1] == found["appended"] + found["again"]
    assert found["trouble"] == ""


@pytest.mark.services("unshare")
def test_a_read_only_disk_is_said_in_a_sentence_and_keeps_what_it_holds() -> None:
    found = on_a_disk_of_its_own("write_protect")
    assert found["refused"] == (
        "the spool /mnt/spool.sqlite cannot be opened: /mnt is read-only; what the spool holds is kept"
    )
    assert (found["same"], found["left"]) == (True, [1, 2])


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 10_000_000)
    yield spool
    spool.close()


def test_a_disk_that_stops_writing_is_counted_said_and_not_taken_for_damage(spool: Spool) -> None:
    assert spool.append([content(1)])
    epoch = spool.epoch
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        assert not spool.append([content(2)])
        assert spool.confirm(epoch, 1), "it is of this epoch"
        assert [one.seq for one in spool.oldest(0, 10)] == [1], "what could not be deleted is still there"
        status = spool.status()
        spool.tidy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status.trouble != ""
    assert spool.counters()["disk_errors"] >= 2
    assert spool.append([content(2)])
    assert (spool.epoch, spool.status().trouble, spool.counters()["damaged"]) == (epoch, "", 0)
    assert [one.seq for one in spool.oldest(0, 10)] == [1, 2]


def test_the_reserve_is_taken_once_and_given_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "spool.sqlite")
    file = tmp_path / "spool.sqlite.reserve"
    assert reserve.make()
    assert reserve.make()
    assert file.stat().st_size == RESERVE_BYTES
    reserve.release()
    assert not file.exists()
    assert Reserve(tmp_path / "spool.sqlite").make()
