"""Simulated disks: files after a kill, a power cut and on a bad card."""

import os
import random
from pathlib import Path

import pytest

from station.simulation.machines.disk import Disk

_LOG, _MAIN = "spool.sqlite-wal", "spool.sqlite"


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(tmp_path / "disk", random.Random(1))
    disk.write({_LOG: b"a" * 4096, _MAIN: b"m" * 4096})
    return disk


def test_a_kill_leaves_the_beginning_of_what_a_call_wrote_and_the_main_file_as_it_was(disk: Disk) -> None:
    lengths = set()
    for _ in range(20):
        disk.write({_LOG: b"a" * 4096, _MAIN: b"m" * 4096})
        before = disk.read()
        disk.write({_LOG: b"a" * 4096 + b"b" * 4096, _MAIN: b"n" * 4096})
        disk.tear(before, with_power=False)
        files = disk.read()
        assert files[_LOG] == (b"a" * 4096 + b"b" * 4096)[: len(files[_LOG])]
        assert len(files[_LOG]) >= 4096
        assert files[_MAIN] == (b"n" if len(files[_LOG]) == 8192 else b"m") * 4096
        lengths.add(len(files[_LOG]))
    assert len(lengths) > 10


def test_a_power_cut_takes_what_was_not_synced_and_no_more(disk: Disk) -> None:
    path = disk.folder / "beside"
    outcomes = set()
    for _ in range(20):
        path.write_bytes(b"old" * 200)
        fd = os.open(path, os.O_RDONLY)
        disk.sync("beside", fd)
        os.close(fd)
        path.write_bytes(b"new" * 200)
        disk.cut_power()
        files = disk.read()
        assert (files[_LOG], files[_MAIN]) == (b"a" * 4096, b"m" * 4096)
        outcomes.add(files["beside"])
    assert b"new" * 200 in outcomes
    assert len(outcomes) > 1


def test_a_lying_disk_may_lose_all_that_was_written_since(disk: Disk) -> None:
    outcomes = set()
    for _ in range(20):
        disk.write({_LOG: b"a" * 4096})
        disk.begin_to_lie()
        disk.write({_LOG: b"a" * 4096 + b"b" * 4096})
        disk.cut_power()
        assert not disk.lies
        outcomes.add(len(disk.read()[_LOG]))
    assert {4096, 8192} <= outcomes


def test_files_keep_their_identity_when_they_are_written_and_in_an_image(disk: Disk, tmp_path: Path) -> None:
    before = disk.identity(disk.folder / _MAIN)
    disk.write({_MAIN: b"other"})
    assert disk.identity(disk.folder / _MAIN) == before
    image, copy = Disk(tmp_path / "image", random.Random(2)), Disk(tmp_path / "copy", random.Random(3))
    image.adopt(disk)
    copy.write(disk.read())
    assert image.identity(image.folder / _MAIN) == before
    assert copy.identity(copy.folder / _MAIN) != before
