"""The quarantine file: durable, bounded, counted."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headland.contract.refusals import Reason, Refused
from headland.contract.topics import Topic
from headland.errors import RetryLater
from headland.store.port import Mark
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import RefusedMessage

WHY = (Refused(Reason.NOT_JSON, "no JSON"),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "quarantine.sqlite"


@pytest.fixture
def quarantine(path: Path) -> Iterator[Quarantine]:
    made = Quarantine(path, max_bytes=1024 * 1024, max_records=5)
    yield made
    made.close()


def test_a_quarantined_message_is_readable_by_another_process_and_after_a_crash(
    quarantine: Quarantine, path: Path
) -> None:
    refused = (Refused(Reason.BAD_NAME, "no name"), Refused(Reason.BAD_TIME, "no time"))
    quarantine.add([RefusedMessage("a/b", b"\x00\xff", refused, {"seq": "7"})], 1000)
    (quarantined,) = Quarantine(path, 1024 * 1024, 5).list()
    assert (quarantined.topic, quarantined.payload, quarantined.properties) == ("a/b", b"\x00\xff", {"seq": "7"})
    assert (quarantined.reason, quarantined.detail) == ("bad_name", "bad_name: no name; bad_time: no time")
    assert (quarantined.first_seen_ms, quarantined.count) == (1000, 1)


def test_identical_messages_are_counted_not_repeated(quarantine: Quarantine) -> None:
    quarantine.add([RefusedMessage("a", b"1", WHY), RefusedMessage("a", b"1", WHY)], 1000)
    quarantine.add([RefusedMessage("a", b"1", WHY), RefusedMessage("b", b"1", WHY)], 2000)
    newest, oldest = quarantine.list()
    assert (newest.topic, newest.count) == ("b", 1)
    assert (oldest.topic, oldest.count, oldest.first_seen_ms, oldest.last_seen_ms) == ("a", 3, 1000, 2000)


def test_the_oldest_are_dropped_and_counted_above_the_most_records(quarantine: Quarantine) -> None:
    quarantine.add([RefusedMessage("a", bytes([number]), WHY) for number in range(8)], 1000)
    assert [quarantined.payload[0] for quarantined in quarantine.list()] == [7, 6, 5, 4, 3]
    assert (quarantine.dropped, quarantine.count()) == (3, 5)


def test_the_oldest_are_dropped_above_the_most_bytes(quarantine: Quarantine) -> None:
    for number in range(4):
        quarantine.add([RefusedMessage("a", bytes([number]) * 400_000, WHY)], number)
    assert [quarantined.payload[0] for quarantined in quarantine.list()] == [3, 2]
    assert quarantine.dropped == 2


def refused_of(gateway: str, seq: int, payload: bytes = b"junk") -> RefusedMessage:
    return RefusedMessage(f"d/{gateway}", payload, WHY, {}, Topic("data", gateway), Mark(gateway, "e1", seq, seq))


def quarantined_of(gateway: str, seq: int) -> DispositionEntry:
    return DispositionEntry(gateway, "e1", Disposition.QUARANTINED, ((seq, seq),))


def ranges_of(quarantine: Quarantine, gateway: str, disposition: Disposition) -> tuple[tuple[int, int], ...]:
    counts = quarantine.disposition_counts(gateway).get((gateway, "e1", disposition))
    return () if counts is None else counts.ranges


@pytest.mark.parametrize("size", [5, 300_000])
def test_a_flood_of_one_gateway_evicts_none_of_another(quarantine: Quarantine, size: int) -> None:
    quarantine.add([refused_of("gy", 42)], 1000, [quarantined_of("gy", 42)])
    for seq in range(1, 30):
        junk = bytes([seq]) * size
        quarantine.add([refused_of("gx", seq, junk)], 1000 + seq, [quarantined_of("gx", seq)])
    assert [(message.gateway, message.seq) for message in quarantine.list()][-1] == ("gy", 42)
    assert ranges_of(quarantine, "gy", Disposition.QUARANTINED) == ((42, 42),)
    left = [message.seq for message in quarantine.list(gateway="gx")]
    assert left == list(range(29, 29 - len(left), -1))
    assert ranges_of(quarantine, "gx", Disposition.LOST) == ((1, 29 - len(left)),)
    assert ranges_of(quarantine, "gx", Disposition.QUARANTINED) == ((30 - len(left), 29),)


def test_the_same_unreadable_bytes_under_other_numbers_are_other_records(quarantine: Quarantine) -> None:
    for seq in range(1, 9):
        quarantine.add([refused_of("gx", seq)], seq, [quarantined_of("gx", seq)])
    assert [message.seq for message in quarantine.list()] == [8, 7, 6, 5, 4]
    assert ranges_of(quarantine, "gx", Disposition.LOST) == ((1, 3),)


def test_the_records_of_a_deleted_message_are_lost(quarantine: Quarantine, path: Path) -> None:
    quarantine.add([OF_GW_1], 1000, [QUARANTINED])
    assert Quarantine(path, 1024 * 1024, 5).drop(1)
    assert ranges_of(quarantine, "gw-1", Disposition.LOST) == ((4, 7),)
    assert ranges_of(quarantine, "gw-1", Disposition.QUARANTINED) == ()


def test_an_evicted_message_without_numbers_is_counted_for_its_gateway(quarantine: Quarantine, path: Path) -> None:
    packs = [RefusedMessage("s", bytes([n]), WHY, {}, Topic("senml", "gw-2", "d")) for n in range(8)]
    quarantine.add(packs, 1000)
    quarantine.close()
    assert Quarantine(path, 1024 * 1024, 5).gateway_counts("gw-2") == {"gw-2": {"lost_messages": 3}}


def test_pages_run_from_the_newest_to_the_oldest(quarantine: Quarantine) -> None:
    quarantine.add([RefusedMessage("a", bytes([number]), WHY) for number in range(5)], 1000)
    first = quarantine.list(limit=3)
    second = quarantine.list(limit=3, before_id=first[-1].id)
    assert [quarantined.payload[0] for quarantined in [*first, *second]] == [4, 3, 2, 1, 0]


def test_an_empty_quarantine_is_an_empty_list(quarantine: Quarantine, path: Path) -> None:
    assert (quarantine.list(), quarantine.count()) == ([], 0)
    assert not path.exists()


def test_a_damaged_file_is_moved_aside_never_wiped(quarantine: Quarantine, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was never a database" * 100)
    quarantine.add([RefusedMessage("a", b"1", WHY)], 1000)
    assert (quarantine.count(), quarantine.damaged_files) == (1, 1)
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"this was never")


def test_a_file_that_cannot_be_written_is_tried_again_later(quarantine: Quarantine, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RetryLater, match="cannot be written"):
        quarantine.add([RefusedMessage("a", b"1", WHY)], 1000)
    path.rmdir()
    quarantine.add([RefusedMessage("a", b"1", WHY)], 1000)
    assert quarantine.count() == 1


def test_topics_with_strange_characters_are_stored(quarantine: Quarantine) -> None:
    quarantine.add([RefusedMessage("a/\udcff/\x00", b"", WHY, {"\udcff": "x"})], 1000)
    assert quarantine.list()[0].topic.startswith("a/?/")


def test_an_added_message_is_on_the_disk_when_the_call_returns(quarantine: Quarantine, path: Path) -> None:
    quarantine.add([RefusedMessage("a", b"1", WHY)], 1000)
    reader = sqlite3.connect(path)
    try:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert reader.execute("SELECT count(*) FROM refused").fetchone() == (1,)
    finally:
        reader.close()


MARK = Mark("gw-1", "e1", 4, 7)
OF_GW_1 = RefusedMessage("a", b"1", WHY, {}, Topic("data", "gw-1"), MARK)
QUARANTINED = DispositionEntry("gw-1", "e1", Disposition.QUARANTINED, ((4, 7),))


def test_a_message_has_its_gateway_and_records(quarantine: Quarantine) -> None:
    quarantine.add([OF_GW_1, RefusedMessage("b", b"1", WHY)], 1000)
    unknown, known = quarantine.list()
    assert (known.gateway, known.epoch, known.first, known.seq) == ("gw-1", "e1", 4, 7)
    assert (unknown.gateway, unknown.epoch, unknown.seq) == (None, None, None)
    assert [quarantined.id for quarantined in quarantine.list(gateway="gw-1")] == [known.id]
    assert quarantine.find(known.id) == known
    assert quarantine.find(99) is None


def test_another_process_asks_for_a_replay_and_drops_while_the_writer_has_the_file_open(
    quarantine: Quarantine, path: Path
) -> None:
    quarantine.add([OF_GW_1, RefusedMessage("b", b"1", WHY)], 1000)
    other = Quarantine(path, 1024 * 1024, 5)
    second, first = other.list()
    assert other.request_replay(first.id, 2000)
    assert other.drop(second.id)
    assert not other.drop(second.id)
    assert not other.request_replay(99, 2000)
    assert [(quarantined.id, quarantined.is_asked) for quarantined in quarantine.replay_requests(9)] == [
        (first.id, True)
    ]
    quarantine.add([RefusedMessage("c", b"1", WHY)], 3000)


def test_without_a_file_there_are_no_replay_requests(quarantine: Quarantine, path: Path) -> None:
    assert (quarantine.replay_requests(9), quarantine.request_replay(1, 0), quarantine.drop(1)) == ([], False, False)
    assert not path.exists()


def test_a_stored_message_is_removed_and_its_records_count_as_stored(quarantine: Quarantine) -> None:
    quarantine.add([OF_GW_1], 1000, [QUARANTINED])
    (quarantined,) = quarantine.list()
    quarantine.finish_replay(quarantined, (), 1)
    assert quarantine.list() == []
    assert quarantine.disposition_counts()["gw-1", "e1", Disposition.QUARANTINED].ranges == ()


def test_a_store_that_lacks_a_replay_has_its_records_named_once(quarantine: Quarantine) -> None:
    for number, first in enumerate((4, 8, 12), start=1):
        refused = dataclasses.replace(OF_GW_1, payload=bytes([number]), mark=Mark("gw-1", "e1", first, first + 3))
        quarantine.add([refused], 1000, [QUARANTINED])
        (quarantined,) = quarantine.list()
        quarantine.finish_replay(quarantined, (), number)
    assert quarantine.note_replaced({}, {"gw-1": 3}) == {}
    assert quarantine.note_replaced({}, {"gw-1": 1, "gw-2": 9}) == {("gw-1", "e1"): ((8, 15),)}
    assert quarantine.disposition_counts()["gw-1", "e1", Disposition.REPLACED].ranges == ((8, 15),)
    quarantine.forget_marks("gw-1")
    assert quarantine.note_replaced({}, {}) == {}


def test_a_message_that_is_refused_again_remains_with_the_new_reason(quarantine: Quarantine) -> None:
    quarantine.add([OF_GW_1], 1000, [QUARANTINED])
    quarantine.request_replay(1, 2000)
    (quarantined,) = quarantine.replay_requests(9)
    quarantine.finish_replay(quarantined, (Refused(Reason.WRONG_VERSION, "version 9"),), None)
    (again,) = quarantine.list()
    assert (again.reason, again.replays, again.is_asked) == ("wrong_version", 1, False)
    assert quarantine.disposition_counts("gw-1")["gw-1", "e1", Disposition.QUARANTINED].ranges == ((4, 7),)


def test_a_file_of_the_first_version_gets_the_missing_columns(path: Path, quarantine: Quarantine) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE refused (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, topic TEXT NOT NULL, "
        "payload BLOB NOT NULL, properties TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, "
        "first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, count INTEGER NOT NULL)"
    )
    old.execute("INSERT INTO refused VALUES (1, x'00', 't', x'01', '{}', 'not_json', 'd', 5, 6, 2)")
    old.commit()
    old.close()
    (quarantined,) = quarantine.list()
    assert (quarantined.count, quarantined.gateway, quarantined.replays) == (2, None, 0)
    quarantine.add([OF_GW_1], 1000)
    assert quarantine.count() == 2


def test_an_unreadable_file_raises_a_sentence(quarantine: Quarantine, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RetryLater, match="cannot be read"):
        quarantine.list()


def test_a_file_that_is_deleted_while_it_is_open_is_written_again(quarantine: Quarantine, path: Path) -> None:
    quarantine.add([OF_GW_1], 1000, [QUARANTINED], {"gh-1": "gw-1"}, {("gw-1", "foreign"): 1})
    for part in path.parent.iterdir():
        part.unlink()
    quarantine.keep_file()
    quarantine.add([refused_of("gw-2", 1)], 2000)
    quarantine.close()
    later = Quarantine(path, 1024 * 1024, 5)
    assert [(message.gateway, message.seq) for message in later.list()] == [("gw-2", 1), ("gw-1", 7)]
    assert ranges_of(later, "gw-1", Disposition.QUARANTINED) == ((4, 7),)
    assert (later.device_owners(), later.gateway_counts()) == ({"gh-1": "gw-1"}, {"gw-1": {"foreign": 1}})
    assert quarantine.restored_files == 1
    later.close()


def test_a_file_that_was_replaced_while_it_is_open_is_moved_aside(quarantine: Quarantine, path: Path) -> None:
    quarantine.add([OF_GW_1], 1000, [QUARANTINED])
    path.rename(path.with_name("away"))
    path.write_bytes(b"another")
    quarantine.keep_file()
    quarantine.keep_file()
    assert [message.seq for message in Quarantine(path, 1024 * 1024, 5).list()] == [7]
    asides = [part for part in path.parent.glob("*.damaged-*") if not part.name.endswith(("-wal", "-shm"))]
    assert [part.read_bytes() for part in asides] == [b"another"]
    assert quarantine.restored_files == 1


@pytest.mark.parametrize("where", ["head", "middle"])
def test_a_damaged_page_stops_nothing_and_what_is_readable_is_kept(path: Path, where: str) -> None:
    big = Quarantine(path, 64 * 1024 * 1024, 10_000)
    for seq in range(1, 401):
        big.add([refused_of("gx", seq, bytes([seq % 256]) * 600)], seq, [quarantined_of("gx", seq)])
    big.close()
    content = bytearray(path.read_bytes())
    pages = range(1) if where == "head" else range(8, len(content) // 4096, 5)
    for page in pages:
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    later = Quarantine(path, 64 * 1024 * 1024, 10_000)
    for seq in range(401, 420):
        later.add([refused_of("gx", seq, b"x" * 600)], seq, [quarantined_of("gx", seq)])
    assert later.damaged_files == 1
    kept = {message.seq for message in later.list(1000)}
    assert set(range(401, 420)) <= kept
    assert len(kept) > 19 or where == "head"
    assert len(list(path.parent.glob("*.damaged-*"))) >= 1
    waiting, lost = (numbers_of(later, which) for which in (Disposition.QUARANTINED, Disposition.LOST))
    assert waiting <= kept, "the ledger names messages that are in the damaged file alone"
    if where == "middle":
        assert (waiting, lost) == (kept, set(range(1, 401)) - kept)
    later.close()


def numbers_of(quarantine: Quarantine, disposition: Disposition) -> set[int]:
    ranges = ranges_of(quarantine, "gx", disposition)
    return {number for first, last in ranges for number in range(first, last + 1)}


class OvertakenConnection(sqlite3.Connection):
    """A connection that lets `overtaken` run before its first statement that needs the file for itself."""

    overtaken: Callable[[], None] | None = None

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        overtaken = self.overtaken
        if overtaken is not None and sql.startswith(("BEGIN", "ALTER")):
            self.overtaken = None
            overtaken()
        return super().execute(sql, *arguments)


@pytest.mark.parametrize("overtaken", ["reader", "writer"])
def test_a_reader_and_the_writer_may_create_the_file_at_the_same_time(
    path: Path, quarantine: Quarantine, overtaken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Quarantine(path, 1024 * 1024, 5)
    connect = sqlite3.connect

    def open_overtaken(*arguments: Any, **options: Any) -> sqlite3.Connection:
        monkeypatch.setattr(sqlite3, "connect", connect)
        connection = connect(*arguments, factory=OvertakenConnection, **options)
        connection.overtaken = lambda: other.add([refused_of("gx", 2, b"b")], 2, [quarantined_of("gx", 2)])
        return connection

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    monkeypatch.setattr(sqlite3, "connect", open_overtaken)
    if overtaken == "reader":
        assert [message.seq for message in quarantine.list()] == [2]
    else:
        quarantine.add([refused_of("gx", 1, b"a")], 1, [quarantined_of("gx", 1)])
        assert {message.seq for message in quarantine.list()} == {1, 2}
    other.close()
