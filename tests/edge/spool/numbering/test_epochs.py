"""A spool that was copied, moved, restored, shortened, replaced or renamed begins a new epoch and says so."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.spool.identity.machine import MACHINE, SpoolMachine
from edge.spool.identity.place import FileId
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from headland.contract.records import Event
from tests.edge.contents import START_MS, batch_of, content
from tests.examples import some_long

FILE = "spool.sqlite"
NAMES = (FILE, f"{FILE}-wal", f"{FILE}.check")
#: A machine on which each file is the same one: what was changed in it is all that there is to notice.
SAME_FILE = SpoolMachine(facts=lambda _path: {}, file_id=lambda _path: FileId(1), sync=lambda _fd: None)
OTHER_FILE = SpoolMachine(facts=lambda _path: {}, file_id=lambda _path: FileId(2), sync=lambda _fd: None)


def on_board(name: str) -> SpoolMachine:
    """A machine with a serial number; a card is the same file in each."""
    return SpoolMachine(facts=lambda _path: {"board": [name]}, file_id=lambda _path: FileId(1))


@dataclass
class Opener:
    """Opens spools and closes them at the end."""

    opened: list[Spool] = field(default_factory=list)

    def __call__(self, folder: Path, machine: SpoolMachine = MACHINE, gateway: str = "gw-1") -> Spool:
        owner = SpoolOwner(gateway, "home")
        spool = Spool(folder / FILE, owner, 10_000_000, now_ms=lambda: START_MS, machine=machine)
        self.opened.append(spool)
        return spool


@pytest.fixture
def open_spool() -> Iterator[Opener]:
    opener = Opener()
    yield opener
    for spool in opener.opened:
        spool.close()


def fill(spool: Spool, first: int, last: int, group: int = 20) -> None:
    """Append the contents `first`..`last`, so many a transaction."""
    for start in range(first, last + 1, group):
        assert spool.append([content(number) for number in range(start, min(start + group, last + 1))])


def publish_all(spool: Spool) -> None:
    """Read everything, as to send it."""
    assert len(spool.oldest(0, 100_000)) == spool.status().records


def snapshot(folder: Path) -> dict[str, bytes]:
    """The files of a spool as they are now: what a kill leaves."""
    return {name: (folder / name).read_bytes() for name in NAMES if (folder / name).exists()}


def restore(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files over those in a folder, which remain the same files."""
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        if name in files:
            (folder / name).write_bytes(files[name])
        else:
            (folder / name).unlink(missing_ok=True)


def contents_of(spool: Spool) -> list[int]:
    """The numbers that were given to `content`."""
    batches = [batch_of(record) for record in spool.oldest(0, 100_000)]
    return [int(block.c["co2_ppm"][0] or 0) for batch in batches for block in batch.blocks]


def events_of(spool: Spool) -> list[Event]:
    """The events of the spool itself."""
    events = [event for record in spool.oldest(0, 100_000) for event in batch_of(record).events]
    return [event for event in events if event.kind.startswith("spool_")]


def reasons_of(spool: Spool) -> list[str]:
    return [str(event.data["reason"]) for event in events_of(spool) if event.kind == "spool_renewed"]


def missing_of(spool: Spool) -> set[int]:
    """The numbers that are reported as missing."""
    ranges = [
        (int(event.data["first_seq"] or 0), int(event.data["last_seq"] or 0))
        for event in events_of(spool)
        if event.kind == "spool_shortened"
    ]
    return {number for first, last in ranges for number in range(first, last + 1)}


def test_an_ordinary_restart_changes_nothing_and_says_nothing(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 20)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 5)
    killed = snapshot(tmp_path)
    epoch, status = spool.epoch, spool.status()
    spool.close()
    for files in (snapshot(tmp_path), killed):
        restore(tmp_path, files)
        again = open_spool(tmp_path)
        assert (again.epoch, again.status()) == (epoch, status)
        assert (again.status().renewals, again.status().epoch_reason) == (0, "new")
        assert contents_of(again) == list(range(6, 21))
        again.close()


def test_a_copy_of_a_folder_has_its_own_epoch_and_the_ack_of_the_original_deletes_nothing(
    open_spool: Opener, tmp_path: Path
) -> None:
    original = open_spool(tmp_path / "original")
    fill(original, 1, 100)
    publish_all(original)
    assert original.confirm(original.epoch, 90)
    original.close()
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    copy = open_spool(tmp_path / "copy")
    fill(copy, 101, 180)
    publish_all(copy)
    assert copy.epoch != original.epoch
    assert not copy.confirm(original.epoch, 150), "the original went on, and ingest acknowledged its records"
    assert contents_of(copy) == list(range(91, 181))
    assert [record.seq for record in copy.oldest(0, 1000)] == list(range(1, 92))
    assert reasons_of(copy) == ["copied"]
    status = copy.status()
    assert (status.epoch_reason, status.renewals, status.shortened_records) == ("copied", 1, 0)
    again = open_spool(tmp_path / "original")
    assert again.epoch == original.epoch, "the original itself goes on"


def test_a_folder_that_was_renamed_is_the_same_spool(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "before")
    fill(spool, 1, 5)
    spool.close()
    (tmp_path / "before").rename(tmp_path / "after")
    again = open_spool(tmp_path / "after")
    assert (again.epoch, contents_of(again)) == (spool.epoch, [1, 2, 3, 4, 5])


def test_a_card_in_another_board_has_its_own_epoch(
    open_spool: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = open_spool(tmp_path, on_board("10000000abc"))
    fill(spool, 1, 10)
    epoch = spool.epoch
    spool.close()
    again = open_spool(tmp_path, on_board("10000000abc"))
    assert again.epoch == epoch
    again.close()
    moved = open_spool(tmp_path, on_board("10000000def"))
    assert moved.epoch != epoch
    assert contents_of(moved) == list(range(1, 11)), "whatever it was moved for, everything is still there"
    assert reasons_of(moved) == ["moved"]
    assert "begins a new epoch" in caplog.text


@pytest.mark.parametrize("acked", [0, 60, 100])
def test_a_backup_restored_in_its_place_loses_nothing_to_acks_of_what_was_sent_since(
    open_spool: Opener, tmp_path: Path, acked: int
) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 100)
    publish_all(spool)
    assert spool.confirm(spool.epoch, acked)
    backup = snapshot(tmp_path)
    epoch = spool.epoch
    fill(spool, 101, 150)
    publish_all(spool)
    spool.close()
    restore(tmp_path, backup)
    restored = open_spool(tmp_path)
    assert restored.epoch == epoch, "nothing in the files tells it apart"
    fill(restored, 201, 280)
    assert restored.is_unproven, "new records are not sent before an ack of the epoch"
    assert restored.confirm(epoch, 150)
    assert restored.epoch != epoch
    assert contents_of(restored) == [*range(acked + 1, 101), *range(201, 281)]
    assert reasons_of(restored) == ["twin"]


def test_an_ack_is_believed_as_far_as_all_was_published_also_ahead_of_a_backlog(
    open_spool: Opener, tmp_path: Path
) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 60)
    spool.oldest(0, 10)
    spool.oldest(20, 10)
    assert spool.confirm(spool.epoch, 8)
    spool.oldest(10, 10)
    assert spool.confirm(spool.epoch, 30), "11..20 closed the gap"
    assert contents_of(spool)[0] == 31
    killed = snapshot(tmp_path)
    epoch = spool.epoch
    spool.close()
    restore(tmp_path, killed)
    again = open_spool(tmp_path)
    assert again.is_unproven
    assert again.confirm(epoch, 55), "it was published before the kill"
    assert (again.epoch, again.is_unproven, again.status().records) == (epoch, False, 5)


def test_an_ack_for_another_content_deletes_nothing_and_begins_an_epoch(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 10)
    publish_all(spool)
    epoch = spool.epoch
    assert spool.confirm(epoch, 4)
    assert spool.confirm(epoch, 5, other_seq=4), "it is deleted"
    assert spool.epoch == epoch
    assert spool.confirm(epoch, 8, other_seq=7)
    assert spool.epoch != epoch
    assert reasons_of(spool) == ["twin"]
    assert contents_of(spool)[:5] == [6, 7, 8, 9, 10]


def test_an_epoch_that_no_ack_proves_is_left(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 10)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 10)
    spool.renew_unproven()
    epoch = spool.epoch
    spool.close()
    again = open_spool(tmp_path)
    assert again.epoch == epoch, "there was time for the ack, and it may still come"
    again.renew_unproven()
    assert again.epoch != epoch
    assert reasons_of(again) == ["unproven"]
    assert not again.is_unproven


def test_an_epoch_that_never_had_an_ack_is_not_left_for_want_of_one(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 10)
    epoch = spool.epoch
    spool.close()
    again = open_spool(tmp_path)
    assert again.is_unproven
    again.renew_unproven()
    assert (again.epoch, again.is_unproven) == (epoch, False)


def test_a_new_epoch_changes_no_row_however_many_wait(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 500)
    connection = spool._file.ready()
    before, scans = connection.total_changes, []
    connection.set_trace_callback(lambda sql: scans.append(sql) if "sum(" in sql or "count(" in sql else None)
    assert spool.confirm(spool.epoch, 9_000)
    connection.set_trace_callback(None)
    assert connection.total_changes - before <= 2, "the state, and the record that reports it"
    assert scans == [], "gigabytes may wait"
    assert [record.seq for record in spool.oldest(0, 1000)] == list(range(1, 502))


def test_a_renamed_gateway_carries_its_backlog_under_its_new_name(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, gateway="ga")
    fill(spool, 1, 40)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 4)
    spool.close()
    renamed = open_spool(tmp_path, gateway="gc")
    assert {batch_of(record).gw for record in renamed.oldest(0, 100)} == {"gc"}
    assert contents_of(renamed) == list(range(5, 41))
    (event,) = events_of(renamed)
    assert (event.data["reason"], event.data["why"], event.device) == ("renamed", "the gateway was ga before", "gc")
    renamed.close()
    assert open_spool(tmp_path, gateway="gc").epoch == renamed.epoch


def test_a_record_that_cannot_be_read_is_carried_into_the_new_epoch(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 10)
    spool.close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("UPDATE records SET payload = x'0102030405' WHERE seq = 4")
    connection.commit()
    connection.close()
    spool = open_spool(tmp_path)
    assert spool.confirm(spool.epoch, 5000)
    records = spool.oldest(0, 100)
    assert [record.seq for record in records] == list(range(1, 12))
    assert records[3].payload == b"\1\2\3\4\5", "ingest puts it into quarantine under number 4"
    assert spool.counters()["unreadable"] == 1


def test_thinned_and_dropped_ranges_are_right_after_a_new_epoch(tmp_path: Path) -> None:
    spool = Spool(tmp_path / FILE, SpoolOwner("gw-1", "home"), 40_000, machine=SAME_FILE)
    for start in range(1, 200, 10):
        assert spool.append([content(start + at, rows=20, events=int(start + at == 101)) for at in range(10)])
    spool.oldest(0, 3)
    first = spool.oldest(0, 1)[0]
    assert spool.confirm(spool.epoch, first.seq)
    assert spool.confirm(spool.epoch, 100_000)
    try:
        for start in range(201, 400, 10):
            assert spool.append([content(start + at, rows=20, events=int(start + at == 301)) for at in range(10)])
            records = spool.oldest(0, 100_000)
            at = 0
            for record in records:
                batch_of(record)
                assert record.first == at + 1, "each number stands in one record"
                at = record.seq
            assert at == spool.last_seq
        alarms = [e.data["number"] for r in records for e in batch_of(r).events if e.kind == "alarm"]
        assert alarms == [101, 301]
    finally:
        spool.close()


def test_rows_that_are_missing_between_others_are_named_and_leave_no_gap(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    fill(spool, 1, 30)
    spool.close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("DELETE FROM records WHERE seq BETWEEN 7 AND 9 OR seq = 20 OR seq <= 2")
    connection.commit()
    connection.close()
    again = open_spool(tmp_path)
    assert missing_of(again) == {1, 2, 7, 8, 9, 20}
    assert [record.seq for record in again.oldest(0, 100)] == list(range(1, 26))
    assert again.status().shortened_records == 6


@dataclass(frozen=True)
class Held:
    """Files of a killed spool whose records are all in the log, and what was in them."""

    files: Mapping[str, bytes]
    epoch: str
    acked: int = 20
    last: int = 120


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    folder = tmp_path_factory.mktemp("held")
    spool = Spool(folder / FILE, SpoolOwner("gw-1", "home"), 10_000_000, machine=SAME_FILE)
    fill(spool, 1, 60, group=1)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 20)
    fill(spool, 61, 120, group=1)
    files, epoch = snapshot(folder), spool.epoch
    spool.close()
    return Held(files, epoch)


def flip(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def judge(held: Held, spool: Spool) -> str:
    """Check that each record that waited is there or named, and that no number is used twice; return the outcome."""
    waited = set(range(held.acked + 1, held.last + 1))
    there = set(contents_of(spool))
    assert waited - there <= missing_of(spool), "a record is gone and nothing says it"
    records = spool.oldest(0, 100_000)
    assert [record.seq for record in records] == list(range(records[0].first, spool.last_seq + 1))
    if spool.epoch == held.epoch:
        assert waited <= there
        assert spool.last_seq == held.last
        return "harmless"
    assert reasons_of(spool)
    return "noticed"


@pytest.mark.parametrize(
    ("name", "change", "trials", "least_noticed"),
    [
        (f"{FILE}-wal", flip, 60, 50),
        (f"{FILE}-wal", cut, 30, 25),
        (f"{FILE}.check", flip, 30, 0),
        (f"{FILE}.check", cut, 20, 0),
    ],
)
def test_no_flipped_bit_and_no_lost_tail_takes_a_record_in_silence(
    open_spool: Opener,
    held: Held,
    tmp_path: Path,
    name: str,
    change: Callable[[bytes, random.Random], bytes],
    trials: int,
    least_noticed: int,
) -> None:
    dice = random.Random(f"{name} {trials}")
    outcomes, missing = [], []
    for trial in range(trials):
        folder = tmp_path / str(trial)
        restore(folder, {**held.files, name: change(held.files[name], dice)})
        spool = open_spool(folder, SAME_FILE)
        outcomes.append(judge(held, spool))
        missing.append(len(missing_of(spool)))
        spool.close()
    assert outcomes.count("noticed") >= least_noticed
    if change is flip:
        assert max(missing) <= 10, "SQLite alone drops everything behind the bit"
        assert missing.count(0) >= trials / 2, "most pages are written again by later commits"


def test_an_emptied_file_gives_back_what_is_in_its_log(open_spool: Opener, held: Held, tmp_path: Path) -> None:
    restore(tmp_path, {**held.files, FILE: b""})
    spool = open_spool(tmp_path, SAME_FILE)
    assert judge(held, spool) == "noticed"
    assert missing_of(spool) == set()


@pytest.mark.parametrize("gone", [{f"{FILE}-wal"}, {f"{FILE}.check"}, {FILE}, {FILE, f"{FILE}-wal"}])
def test_no_deleted_file_takes_a_record_in_silence(
    open_spool: Opener, held: Held, tmp_path: Path, gone: set[str]
) -> None:
    restore(tmp_path, {name: data for name, data in held.files.items() if name not in gone})
    spool = open_spool(tmp_path, SAME_FILE)
    assert judge(held, spool) == "noticed"


def test_files_of_different_times_are_noticed_or_harmless(open_spool: Opener, held: Held, tmp_path: Path) -> None:
    restore(tmp_path / "later", held.files)
    spool = open_spool(tmp_path / "later", SAME_FILE)
    fill(spool, 121, 140)
    later = snapshot(tmp_path / "later")
    spool.close()
    check = f"{FILE}.check"
    for name, files, outcome in (
        ("old spool, new check file", {**held.files, check: later[check]}, "noticed"),
        ("new spool, old check file", {**later, check: held.files[check]}, "harmless"),
    ):
        restore(tmp_path / name, files)
        spool = open_spool(tmp_path / name, SAME_FILE)
        at_end = Held(files, held.epoch, held.acked, 140)
        assert judge(at_end, spool) == outcome
        spool.close()
    foreign = open_spool(tmp_path / "foreign", OTHER_FILE, "gw-9")
    fill(foreign, 1, 7)
    foreign.close()
    restore(tmp_path / "mixed", {**held.files, check: snapshot(tmp_path / "foreign")[check]})
    mixed = open_spool(tmp_path / "mixed", SAME_FILE)
    assert judge(held, mixed) == "noticed"
    assert missing_of(mixed) == set(), "the other spool's records are none of this gateway's"


def test_without_a_check_file_the_log_gives_back_what_sqlite_does_not_read(
    open_spool: Opener, held: Held, tmp_path: Path
) -> None:
    dice, wal, missing = random.Random(7), f"{FILE}-wal", []
    for trial in range(20):
        folder = tmp_path / str(trial)
        restore(folder, {FILE: held.files[FILE], wal: flip(held.files[wal], dice)})
        spool = open_spool(folder, SAME_FILE)
        assert reasons_of(spool) == ["unproven"]
        there = contents_of(spool)
        assert len(there) == len(set(there))
        missing.append(len(set(range(held.acked + 1, held.last + 1)) - set(there)))
        spool.close()
    assert max(missing) <= 10, "SQLite alone drops everything behind the bit"
    assert missing.count(0) >= 10, "most pages are written again by later commits"


@pytest.mark.parametrize("kept", [FILE, f"{FILE}-wal"])
def test_what_is_left_of_a_spool_without_a_check_file_is_not_taken_for_a_new_one(
    open_spool: Opener, held: Held, tmp_path: Path, kept: str
) -> None:
    restore(tmp_path, {kept: held.files[kept][:5000]})
    spool = open_spool(tmp_path, SAME_FILE)
    assert reasons_of(spool) == ["unproven"]


def test_a_file_and_a_check_file_of_two_histories_of_an_epoch_name_what_only_the_check_file_knows(
    open_spool: Opener, tmp_path: Path
) -> None:
    folder, check = tmp_path / "gateway", f"{FILE}.check"
    folder.mkdir()
    spool = open_spool(folder, SAME_FILE)
    fill(spool, 1, 14)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 14)
    backup = snapshot(folder)
    fill(spool, 15, 18)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 18)
    first_history, epoch = snapshot(folder), spool.epoch
    spool.close()
    restore(folder, backup)
    spool = open_spool(folder, SAME_FILE)  # as after the restoration of a backup, while nothing can be sent
    fill(spool, 101, 103)
    assert (spool.epoch, spool.last_seq) == (epoch, 17)
    second_history = snapshot(folder)
    spool.close()
    restore(folder, {**first_history, check: second_history[check]})  # the disk lied, and lost what SQLite wrote
    spool = open_spool(folder, SAME_FILE)
    assert (reasons_of(spool), missing_of(spool)) == (["shortened"], {15, 16, 17})
    assert not set(contents_of(spool)) & {101, 102, 103}
    assert spool.last_seq == spool.oldest(0, 100)[-1].seq


def test_the_log_of_a_shortened_spool_is_kept_for_a_person(open_spool: Opener, held: Held, tmp_path: Path) -> None:
    wal = f"{FILE}-wal"
    broken = held.files[wal][: len(held.files[wal]) // 2] + b"\xff" + held.files[wal][len(held.files[wal]) // 2 + 1 :]
    restore(tmp_path, {**held.files, wal: broken})
    open_spool(tmp_path, SAME_FILE)
    assert (tmp_path / f"{FILE}.shortened-wal").read_bytes() == broken


@pytest.mark.parametrize("how", ["deleted", "replaced", "folder deleted", "log deleted", "check deleted"])
def test_a_file_that_goes_away_while_it_is_in_use_is_put_back(
    open_spool: Opener, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gateway"
    spool = open_spool(folder)
    fill(spool, 1, 30)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 10)
    epoch = spool.epoch
    spool.tidy()
    if how == "deleted":
        (folder / FILE).unlink()
    elif how == "replaced":
        (folder / "other").write_bytes(b"another file")
        (folder / "other").rename(folder / FILE)
    elif how == "folder deleted":
        shutil.rmtree(folder)
    else:
        (folder / (f"{FILE}-wal" if how == "log deleted" else f"{FILE}.check")).unlink()
    fill(spool, 31, 40)
    spool.tidy()
    fill(spool, 41, 50)
    killed = snapshot(folder)
    expected = list(range(11, 51))
    assert contents_of(spool) == expected
    is_replaced = how in ("deleted", "replaced", "folder deleted")
    assert reasons_of(spool) == (["replaced"] if is_replaced else [])
    assert (spool.epoch != epoch) == is_replaced
    assert spool.counters()["rescued"] == is_replaced
    assert "deleted or replaced while" in caplog.text or "deleted or replaced:" in caplog.text
    if how == "replaced":
        assert (folder / f"{FILE}.replaced-{START_MS}").read_bytes() == b"another file"
    spool.close()
    restore(folder, killed)
    again = open_spool(folder)
    assert (contents_of(again), again.epoch) == (expected, spool.epoch)


def test_while_a_deleted_file_cannot_be_put_back_nothing_is_accepted(
    open_spool: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gateway"
    spool = open_spool(folder)
    fill(spool, 1, 5)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    spool.tidy()
    assert not spool.append([content(6)]), "it would be in a file that nobody finds again"
    assert spool.status().trouble
    assert len(spool.oldest(0, 10)) == 5, "what is in the open file can still be sent"
    folder.unlink()
    spool.tidy()
    assert spool.append([content(6)])
    assert contents_of(spool) == [1, 2, 3, 4, 5, 6]
    assert spool.status().trouble == ""


def test_a_report_of_missing_records_that_is_lost_itself_is_repeated_until_it_is_confirmed(
    open_spool: Opener, tmp_path: Path
) -> None:
    def lose_the_log(spool: Spool) -> Spool:
        killed = snapshot(tmp_path)
        spool.close()
        restore(tmp_path, {name: content for name, content in killed.items() if not name.endswith("-wal")})
        return open_spool(tmp_path, SAME_FILE)

    def missing_epochs(spool: Spool) -> set[str]:
        return {str(event.data["epoch"]) for event in events_of(spool) if event.kind == "spool_shortened"}

    spool = open_spool(tmp_path, SAME_FILE)
    epochs = [spool.epoch]
    for first in (1, 21):
        fill(spool, first, first + 19)
        spool = lose_the_log(spool)
        assert missing_epochs(spool) == set(epochs)
        epochs.append(spool.epoch)
    publish_all(spool)
    assert spool.confirm(spool.epoch, spool.last_seq)
    fill(spool, 41, 60)
    assert missing_epochs(lose_the_log(spool)) == {epochs[-1]}


def test_a_commit_ack_deletes_nothing_that_has_not_arrived_at_the_broker(open_spool: Opener, tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 10)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 10, lambda _: 4)
    assert contents_of(spool) == list(range(5, 11))
    assert spool.acked_seq == 4
    assert spool.confirm(spool.epoch, 10, lambda after: after)
    assert len(contents_of(spool)) == 6, "nothing more has arrived"
    assert spool.confirm(spool.epoch, 10, lambda _: 10)
    assert contents_of(spool) == []


@pytest.mark.parametrize("name", ["after", "third"])
def test_a_log_that_is_lost_after_renamings_is_noticed(open_spool: Opener, tmp_path: Path, name: str) -> None:
    spool = open_spool(tmp_path, SAME_FILE, "before")
    fill(spool, 1, 5)
    spool.close()
    spool = open_spool(tmp_path, SAME_FILE, "after")
    fill(spool, 6, 10)
    epoch, last = spool.epoch, spool.last_seq
    killed = snapshot(tmp_path)
    spool.close()
    restore(tmp_path, {file: content for file, content in killed.items() if not file.endswith("-wal")})
    spool = open_spool(tmp_path, SAME_FILE, name)
    reported = [event.data for event in events_of(spool) if event.kind == "spool_shortened"]
    assert [(data["epoch"], data["last_seq"]) for data in reported] == [(epoch, last)]


@pytest.mark.parametrize("bit", some_long([18 * 8, *range(60 * 8, 64 * 8 - 8), 63 * 8 + 4, *range(24_701, 32_768, 97)]))
def test_a_flipped_bit_in_header_or_schema_keeps_no_gateway_from_starting(
    open_spool: Opener, tmp_path: Path, bit: int
) -> None:
    spool = open_spool(tmp_path / "made", SAME_FILE)
    fill(spool, 1, 3)
    spool.close()
    files = snapshot(tmp_path / "made")
    main = bytearray(files[FILE])
    main[bit // 8] ^= 1 << bit % 8
    restore(tmp_path / "flipped", {**files, FILE: bytes(main)})
    spool = open_spool(tmp_path / "flipped", SAME_FILE)
    assert spool.append([content(4)])
    assert missing_of(spool) | {number for number in contents_of(spool) if number <= 3} >= {1, 2, 3}


@pytest.mark.parametrize("name", ["epoch", "gateway", "epoch_reason"])
def test_a_state_that_is_no_text_keeps_no_gateway_from_starting(open_spool: Opener, tmp_path: Path, name: str) -> None:
    spool = open_spool(tmp_path / "made", SAME_FILE)
    fill(spool, 1, 3)
    spool.close()
    with closing(sqlite3.connect(tmp_path / "made" / FILE)) as connection:
        connection.execute(f"UPDATE state SET {name} = CAST(x'c3' || {name} AS TEXT)")
        connection.commit()
    spool = open_spool(tmp_path / "made", SAME_FILE)
    assert {number for number in contents_of(spool) if number <= 3} == {1, 2, 3}
    assert "spool_damaged" in {event.kind for event in events_of(spool)}


def test_a_report_that_waits_is_repeated_where_it_is_lost_though_the_check_file_is_older(
    open_spool: Opener, tmp_path: Path
) -> None:
    spool = open_spool(tmp_path, SAME_FILE)
    fill(spool, 1, 2)
    publish_all(spool)
    assert spool.confirm(spool.epoch, 2)
    epoch, before = spool.epoch, snapshot(tmp_path)[f"{FILE}.check"]
    fill(spool, 3, 10)
    spool.close()
    restore(tmp_path, {f"{FILE}.check": snapshot(tmp_path)[f"{FILE}.check"]})
    renewed = open_spool(tmp_path, SAME_FILE)
    assert (reasons_of(renewed), missing_of(renewed)) == (["replaced"], set(range(3, 11)))
    renewed.close()
    restore(tmp_path, {**snapshot(tmp_path), f"{FILE}.check": before})
    again = open_spool(tmp_path, SAME_FILE)
    assert reasons_of(again) == ["replaced", "replaced"]
    again.close()
    restore(tmp_path, {f"{FILE}.check": snapshot(tmp_path)[f"{FILE}.check"]})
    last = open_spool(tmp_path, SAME_FILE)
    told = [event.data for event in events_of(last) if event.kind == "spool_shortened"]
    assert [(data["first_seq"], data["last_seq"]) for data in told if data["epoch"] == epoch] == [(3, 10)]
