"""What the kit reads of a gateway that was killed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.pipeline.batcher import Content
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from headland.contract.records import Block, Clock
from headland.errors import DataDamaged
from station.chaos.faults.spool_copy import read_spool


def content(*numbers: int) -> Content:
    block = Block(
        device="d", kind="k", site="s", clock=Clock.RTC, t0=1_790_000_000_000, dt=list(range(len(numbers))),
        c={"number_count": [float(number) for number in numbers]},
    )  # fmt: skip
    return Content([block], [], len(numbers))


def test_the_numbers_in_a_spool_are_read_without_touching_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = Spool(path, SpoolOwner("g", "s"), 10_000_000)
    spool.append([content(1, 2), content(3)])
    spool.oldest(0, 1)
    spool.confirm(spool.epoch, 1)
    # Not closed: what a kill leaves has its newest pages in the journal.
    found = read_spool(path)
    assert found.numbers == {"d": frozenset((3,))}
    assert (found.epoch, found.last_seq, found.records) == (spool.epoch, 2, 1)
    assert spool.append([content(4)])
    spool.close()


def test_a_gateway_that_was_killed_before_it_made_a_spool_has_nothing(tmp_path: Path) -> None:
    assert read_spool(tmp_path / "spool.sqlite").records == 0


def test_a_gateway_that_was_killed_while_it_made_its_spool_has_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as made:
        made.execute("PRAGMA journal_mode=WAL")
    assert (tmp_path / "spool.sqlite").stat().st_size > 0
    assert read_spool(tmp_path / "spool.sqlite").records == 0


def test_a_spool_that_a_kill_damaged_is_said(tmp_path: Path) -> None:
    (tmp_path / "spool.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(DataDamaged, match="cannot be read after the kill"):
        read_spool(tmp_path / "spool.sqlite")
