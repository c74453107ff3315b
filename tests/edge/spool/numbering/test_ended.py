"""A gateway keeps its last epochs with what was acked in each, beside the spool, and tells them in its status."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.uplink.announcer import Announcer
from edge.uplink.state import UplinkState
from headland.contract.codec import MAX_ENDED, check_status
from headland.contract.records import EndedEpoch, GatewayStatus
from tests.edge.spool.numbering.test_epochs import (
    FILE,
    OTHER_FILE,
    SAME_FILE,
    Opener,
    fill,
    open_spool,
    publish_all,
    snapshot,
)

__all__ = ["open_spool"]


def ended_of(spool_folder: Path, open_spool: Opener, machine: int) -> list[tuple[str, int]]:
    spool = open_spool(spool_folder, OTHER_FILE if machine % 2 else SAME_FILE)
    return [(each.epoch, each.acked_seq) for each in spool.ended()]


def test_each_epoch_that_ended_is_told_with_what_was_acked(open_spool: Opener, tmp_path: Path) -> None:
    expected: list[tuple[str, int]] = []
    for turn in range(MAX_ENDED + 5):
        spool = open_spool(tmp_path, OTHER_FILE if turn % 2 else SAME_FILE)
        assert [(each.epoch, each.acked_seq) for each in spool.ended()] == expected[-MAX_ENDED:]
        fill(spool, 1, 5)
        publish_all(spool)
        acked = spool.last_seq - turn % 3
        spool.confirm(spool.epoch, acked)
        expected.append((spool.epoch, acked))
        spool.close()
    assert len(expected) == MAX_ENDED + 5


@pytest.mark.parametrize("lost", ["spool", "killed"])
def test_the_list_outlives_the_spool_and_a_kill(lost: str, open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "first", SAME_FILE)
    fill(spool, 1, 9)
    publish_all(spool)
    spool.confirm(spool.epoch, 7)
    files, epoch = snapshot(tmp_path / "first"), spool.epoch
    (tmp_path / "second").mkdir()
    for name, content in files.items():
        if lost == "killed" or not name.startswith(FILE) or name.endswith(".check"):
            (tmp_path / "second" / name).write_bytes(content)
    assert ended_of(tmp_path / "second", open_spool, 1) == [(epoch, 7)]


def test_an_epoch_of_which_nothing_was_acked_is_not_told(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 3)
    publish_all(spool)
    spool.close()
    assert ended_of(tmp_path, open_spool, 1) == []


def test_the_status_and_the_last_will_have_them(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 3)
    publish_all(spool)
    spool.confirm(spool.epoch, 2)
    epoch = spool.epoch
    spool.close()
    announcer = Announcer("gw-1", open_spool(tmp_path, OTHER_FILE), "1", keeps_status=True)
    will = announcer.will(UplinkState(connected=False, detail="", epoch=""))
    assert will is not None
    status = msgspec.json.decode(will.payload, type=GatewayStatus)
    assert status.ended == (EndedEpoch(epoch=epoch, acked_seq=2),)
    assert check_status(status) is None


def test_an_epoch_of_an_earlier_id_is_not_told_under_the_new_one(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 3)
    publish_all(spool)
    spool.confirm(spool.epoch, 2)
    epoch = spool.epoch
    spool.close()
    renamed = open_spool(tmp_path, SAME_FILE, gateway="gw-2")
    assert (renamed.epoch == epoch, renamed.ended()) == (False, ())
    renamed.close()
    # Under its first id again it tells what was acked then.
    again = open_spool(tmp_path, SAME_FILE)
    assert [(each.epoch, each.acked_seq) for each in again.ended()] == [(epoch, 2)]


@pytest.mark.parametrize(
    "ended",
    [
        tuple(EndedEpoch(epoch=f"e{number}", acked_seq=1) for number in range(MAX_ENDED + 1)),
        (EndedEpoch(epoch="not a name", acked_seq=1),),
        (EndedEpoch(epoch="e1", acked_seq=-1),),
        (EndedEpoch(epoch="e1", acked_seq=2**63),),
    ],
)
def test_a_status_with_impossible_epochs_is_refused(ended: tuple[EndedEpoch, ...]) -> None:
    assert check_status(GatewayStatus(gw="gw-1", online=True, t=0, ended=ended)) is not None
