"""Move of gateways' quarantine and counts with their shards to another worker: once, whatever ends the move."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headland.contract.delivery import SpoolReport
from headland.contract.records import SPOOL_SHORTENED
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import shard_of
from headland.store.number_sets import MAX_RANGES
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import RefusedMessage
from ingest.settings import ALL_SHARDS
from tests.ingest.quarantine.test_quarantine import quarantined_of, ranges_of, refused_of

LOW = frozenset(range(8))
HIGH = ALL_SHARDS - LOW
NAMES = [f"gw-{number}" for number in range(40)]
OF_LOW = next(name for name in NAMES if shard_of(name) in LOW)
OF_HIGH = next(name for name in NAMES if shard_of(name) in HIGH)
BOTH = (OF_LOW, OF_HIGH)
#: More ranges than are kept: the older ones are a number alone.
MANY = tuple((number * 10, number * 10) for number in range(1, MAX_RANGES + 3))

Open = Callable[[str], Quarantine]


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Open]:
    opened: list[Quarantine] = []

    def make(name: str) -> Quarantine:
        opened.append(Quarantine(tmp_path / f"quarantine{name}.sqlite", 1024 * 1024, 100))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def fill(quarantine: Quarantine) -> None:
    """Let a worker of all shards refuse, count and note something of both gateways."""
    for gateway in BOTH:
        quarantine.add(
            [refused_of(gateway, 3)],
            1000,
            [quarantined_of(gateway, 3), DispositionEntry(gateway, "e1", Disposition.DROPPED, MANY)],
            {f"device of {gateway}": gateway},
            {(gateway, "conflicting"): 7},
            [(gateway, SpoolReport(5, SPOOL_SHORTENED, {"records": 2}))],
        )
        quarantine.save_marks({(gateway, "e1"): 9000}, {(gateway, "e1"): b"digests"})
    quarantine.add([RefusedMessage("not/ours", b"x", (Refused(Reason.UNKNOWN_TOPIC, "not/ours"),))], 1000)


def assert_has(quarantine: Quarantine, gateway: str, *, has: bool = True) -> None:
    counts = quarantine.disposition_counts(gateway)
    dropped = counts.get((gateway, "e1", Disposition.DROPPED))
    assert ranges_of(quarantine, gateway, Disposition.QUARANTINED) == (((3, 3),) if has else ())
    assert (0 if dropped is None else dropped.count_in(((1, 10**6),))) == (len(MANY) if has else 0)
    assert len(quarantine.list(gateway=gateway)) == has
    assert quarantine.gateway_counts(gateway) == ({gateway: {"conflicting": 7}} if has else {})
    assert len(quarantine.spool_reports(gateway).get(gateway, ())) == has
    assert quarantine.marks().get((gateway, "e1")) == (9000 if has else None)
    assert quarantine.digests().get((gateway, "e1")) == (b"digests" if has else None)
    assert (f"device of {gateway}" in quarantine.device_owners()) == has


def test_each_new_worker_takes_what_concerns_its_own_gateways(open_file: Open) -> None:
    before = open_file("")
    fill(before)
    low, high = open_file("-ingest-0-7"), open_file("-ingest-8-15")
    assert (low.take_moved(LOW), high.take_moved(HIGH)) == (2, 1)
    for gateway, other in ((OF_LOW, low), (OF_HIGH, high)):
        assert_has(other, gateway)
        assert_has(before, gateway, has=False)
    assert_has(low, OF_HIGH, has=False)
    # What names no gateway is shown by one worker, too: that of the first shard.
    assert [message.topic for message in low.list() if message.gateway is None] == ["not/ours"]
    assert before.count() == 0
    assert (low.take_moved(LOW), high.take_moved(HIGH)) == (0, 0)


def test_shards_may_move_back_and_what_came_meanwhile_is_added(open_file: Open) -> None:
    whole, low = open_file(""), open_file("-ingest-0-7")
    fill(whole)
    low.take_moved(LOW)
    low.add([refused_of(OF_LOW, 4)], 2000, [quarantined_of(OF_LOW, 4)], {}, {(OF_LOW, "conflicting"): 1})
    whole.add([], 2000, [quarantined_of(OF_LOW, 5)], {}, {(OF_LOW, "conflicting"): 2})
    whole.take_moved(ALL_SHARDS)
    assert ranges_of(whole, OF_LOW, Disposition.QUARANTINED) == ((3, 5),)
    assert whole.gateway_counts(OF_LOW) == {OF_LOW: {"conflicting": 10}}
    assert sorted(message.seq or 0 for message in whole.list(gateway=OF_LOW)) == [3, 4]
    assert_has(low, OF_LOW, has=False)


def test_a_move_that_was_interrupted_after_the_copy_counts_nothing_twice(open_file: Open, tmp_path: Path) -> None:
    before = open_file("")
    fill(before)
    before.close()
    kept = tmp_path / "kept"
    shutil.copy(tmp_path / "quarantine.sqlite", kept)
    low = open_file("-ingest-0-7")
    low.take_moved(LOW)
    # As after a power cut between the two files: copied and noted here, not yet deleted there.
    for part in tmp_path.glob("quarantine.sqlite*"):
        part.unlink()
    shutil.copy(kept, tmp_path / "quarantine.sqlite")
    with closing(sqlite3.connect(tmp_path / "quarantine-ingest-0-7.sqlite")) as file, file:
        file.execute("INSERT INTO moves VALUES ('quarantine.sqlite', ?)", (f'["", "{OF_LOW}"]',))
    assert low.take_moved(LOW) == 0
    assert_has(low, OF_LOW)
    again = open_file("")
    assert_has(again, OF_LOW, has=False)
    assert_has(again, OF_HIGH)


def test_a_file_that_cannot_be_read_is_left_and_named(
    open_file: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "quarantine-ingest-3-3.sqlite").write_bytes(b"no database" * 1000)
    fill(open_file(""))
    low = open_file("-ingest-0-7")
    assert low.take_moved(LOW) == 2
    assert_has(low, OF_LOW)
    assert "quarantine-ingest-3-3.sqlite" in caplog.text
    assert (tmp_path / "quarantine-ingest-3-3.sqlite").exists()


def test_nothing_is_written_where_there_is_nothing_to_take(open_file: Open, tmp_path: Path) -> None:
    assert open_file("-ingest-0-7").take_moved(LOW) == 0
    assert list(tmp_path.iterdir()) == []
