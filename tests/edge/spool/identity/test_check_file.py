"""The check file is on the disk before a record leaves the spool: a power cut makes nothing look used elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from edge.spool.identity.machine import SpoolMachine
from edge.spool.identity.place import FileId
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from tests.edge.contents import START_MS
from tests.edge.spool.numbering.test_epochs import FILE, fill, publish_all, restore, snapshot


class Disk:
    """A disk that keeps of the check file what was synced. Its clock stands still: no sync is due for its time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.synced = b""

    def sync(self, fd: int) -> None:
        self.synced = os.pread(fd, 1 << 20, 0)

    def open(self) -> Spool:
        machine = SpoolMachine(facts=lambda _path: {}, file_id=lambda _path: FileId(1), sync=self.sync)
        owner = SpoolOwner("gw-1", "home")
        return Spool(
            self.folder / FILE, owner, 10_000_000, now_ms=lambda: START_MS, clock_s=lambda: 0.0, machine=machine
        )

    def cut_power(self, spool: Spool) -> None:
        """Leave what SQLite has synced with each commit, and of the check file what was synced."""
        files = {**snapshot(self.folder), f"{FILE}.check": self.synced}
        spool.close()
        restore(self.folder, files)


def test_after_a_power_cut_the_commit_ack_of_what_was_sent_is_the_spools_own(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    spool = disk.open()
    fill(spool, 1, 10)
    publish_all(spool)
    epoch = spool.epoch
    disk.cut_power(spool)
    again = disk.open()
    assert again.epoch == epoch
    assert again.confirm(epoch, 10)  # before anything is read again, which counts as published
    assert (again.epoch, again.acked_seq, again.status().renewals) == (epoch, 10, 0)
    again.close()


def test_what_was_sent_and_confirmed_before_a_power_cut_is_not_missing(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    spool = disk.open()
    fill(spool, 1, 10)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 10)
    epoch = spool.epoch
    disk.cut_power(spool)
    again = disk.open()
    assert (again.epoch, again.shortened(), again.status().shortened_records) == (epoch, (), 0)
    again.close()
