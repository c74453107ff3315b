"""A gateway tells in each status what it reported as missing in its spool, for as long as it has its id."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.spool.identity.check_file import CheckFile, CheckRecord, Unaccepted
from edge.spool.identity.place import FileId, SpoolPlace
from edge.spool.queue import Spool
from edge.uplink.announcer import Announcer
from edge.uplink.state import UplinkState
from headland.contract.codec import MAX_ENDED, MAX_SHORTENED, check_status
from headland.contract.records import GatewayStatus, ShortenedRange
from tests.edge.spool.numbering.test_epochs import (
    SAME_FILE,
    Opener,
    fill,
    missing_of,
    open_spool,
    publish_all,
    restore,
    snapshot,
)

__all__ = ["open_spool"]


def lose_the_log(open_spool: Opener, spool: Spool, folder: Path, gateway: str = "gw-1") -> Spool:
    killed = snapshot(folder)
    spool.close()
    restore(folder, {name: content for name, content in killed.items() if not name.endswith("-wal")})
    return open_spool(folder, SAME_FILE, gateway)


def told_by(spool: Spool) -> list[tuple[str, int, int]]:
    return [(each.epoch, each.first_seq, each.last_seq) for each in spool.shortened()]


def test_what_was_reported_as_missing_is_told_also_after_the_commit_ack_of_the_report(
    open_spool: Opener, tmp_path: Path
) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 20)
    epoch = spool.epoch
    spool = lose_the_log(open_spool, spool, tmp_path)
    assert missing_of(spool) == set(range(1, 21))
    publish_all(spool)
    assert spool.confirm(spool.epoch, spool.last_seq)
    assert told_by(spool) == [(epoch, 1, 20)]
    announcer = Announcer("gw-1", spool, "1", keeps_status=True)
    will = announcer.will(UplinkState(connected=False, detail="", epoch=""))
    assert will is not None
    status = msgspec.json.decode(will.payload, type=GatewayStatus)
    assert status.shortened == (ShortenedRange(epoch=epoch, first_seq=1, last_seq=20),)
    assert check_status(status) is None
    killed = snapshot(tmp_path)
    spool.close()
    restore(tmp_path, killed)
    assert told_by(open_spool(tmp_path, SAME_FILE)) == [(epoch, 1, 20)]


def test_the_newest_ranges_are_told(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    epochs: list[str] = []
    for _ in range(MAX_SHORTENED + 2):
        fill(spool, 1, 2)
        epochs.append(spool.epoch)
        spool = lose_the_log(open_spool, spool, tmp_path)
        publish_all(spool)
        assert spool.confirm(spool.epoch, spool.last_seq)
    assert [epoch for epoch, _, _ in told_by(spool)] == epochs[-MAX_SHORTENED:]


def test_a_gateway_with_another_id_does_not_tell_what_was_reported_under_the_first(
    open_spool: Opener, tmp_path: Path
) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 5)
    spool = lose_the_log(open_spool, spool, tmp_path)
    assert len(told_by(spool)) == 1
    spool.close()
    assert told_by(open_spool(tmp_path, SAME_FILE, "gw-2")) == []


def test_a_check_record_with_the_longest_lists_fits_its_place(tmp_path: Path) -> None:
    number, epoch = 999_999_999, "0123456789abcdef"
    record = CheckRecord(
        gateway="g" * 64,
        epoch=epoch,
        last=number,
        acked=number,
        published=[(number, number)] * 100,
        place=SpoolPlace(
            {name: ["0123456789abcdef"] for name in ("board", "machine_id", "card")}, FileId(number, 10**19)
        ),
        renewals=number,
        shortened=number,
        unreported=[(epoch, number, number, number)] * 20,
        doubts=[(10**13, epoch, "w" * 120)] * 3,
        report=number,
        base=number,
        stale_upto=number,
        unaccepted=Unaccepted(number, number, number),
        ended=[(epoch, number, "g" * 64)] * MAX_ENDED,
        told=[(epoch, number, number)] * MAX_SHORTENED,
    )
    file = CheckFile(tmp_path / "spool.sqlite.check", lambda _: None)
    file.write(record, durable=True)
    file.close()
    assert file.read() == record


@pytest.mark.parametrize(
    "shortened",
    [
        tuple(ShortenedRange(epoch=f"e{number}", first_seq=1, last_seq=1) for number in range(MAX_SHORTENED + 1)),
        (ShortenedRange(epoch="not a name", first_seq=1, last_seq=1),),
        (ShortenedRange(epoch="e1", first_seq=0, last_seq=1),),
        (ShortenedRange(epoch="e1", first_seq=2, last_seq=1),),
        (ShortenedRange(epoch="e1", first_seq=1, last_seq=2**63),),
    ],
)
def test_a_status_with_impossible_ranges_is_refused(shortened: tuple[ShortenedRange, ...]) -> None:
    assert check_status(GatewayStatus(gw="gw-1", online=True, t=0, shortened=shortened)) is not None
