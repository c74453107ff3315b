"""Damaged, deleted and replaced files of a DuckDB store: what is readable is kept, and what is lost is said."""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import numpy as np
import pytest

from headland.errors import DataDamaged, RetryLater
from headland.files.damage_notes import load_notes, note_path
from headland.store.duckdb.paths import parity_of, wal_of
from headland.store.duckdb.repair import file_repair
from headland.store.duckdb.repair.blocks import find_damaged, mend_blocks
from headland.store.duckdb.repair.checksums import checksum, find_flipped_bit, flip, list_suspects
from headland.store.duckdb.repair.file_lists import list_used_blocks
from headland.store.duckdb.repair.log_file import scan_log
from headland.store.duckdb.repair.log_repair import make_header
from headland.store.duckdb.repair.parity import BLOCK_BYTES, PAGE_BYTES, ParityFile, cover_file
from headland.store.duckdb.repair.salvage import salvage
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, MarkState, Points, Samples, SeriesKey, WriteBatch, WriteResult
from tests.store.batches import EVERYTHING, batch, event, key
from tests.waiting import wait_until

A = key("air_temperature_degc")
B = key("relative_humidity_pct")
COMMITS = 25
SUSPECT = 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as kill -9 leaves it: an old checkpoint, and a log of commits each of which has a mark."""
    folder = tmp_path_factory.mktemp("killed")
    store = DuckDBStore(folder / "open.duckdb")
    store.write(batch((A, 0, 0.5), marks=[Mark("gw", "e", 1, 1)]))
    store._writer.checkpoint()
    for number in range(1, COMMITS + 1):
        rows = [(each, number * 100 + at, number + at / 7) for each in (A, B) for at in range(9)]
        store.write(batch(*rows, events=[event(number, mode="AUTO")], marks=[Mark("gw", "e", number + 1, number + 1)]))
    store._writer.protect()
    copy_store(folder / "open.duckdb", folder / "killed.duckdb", with_parity=True)
    store.close()
    return folder / "killed.duckdb"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a stop leaves it: everything in the file, in several row groups."""
    path = tmp_path_factory.mktemp("stopped") / "stopped.duckdb"
    count = 128_000
    values = np.round(np.random.default_rng(4).normal(20, 3, count), 2)
    with closing(DuckDBStore(path)) as store:
        for part in range(4):
            at = slice(part * count // 4, (part + 1) * count // 4)
            time_ms = np.arange(count, dtype=np.int64)[at] // 2 * 1000
            index, flags = np.tile(np.array([0, 1], np.int32), count // 8), np.ones(count // 4, np.uint8)
            points = Points([A, B], index, time_ms, values[at], flags)
            store.write(WriteBatch(points, marks=[Mark("gw", "e", part + 1, part + 1)]))
    return path


def copy_store(source: Path, target: Path, *, with_parity: bool = False) -> None:
    for one, other in ((source, target), (wal_of(source), wal_of(target))):
        if one.exists():
            shutil.copyfile(one, other)
        if with_parity and parity_of(one).exists():
            shutil.copyfile(parity_of(one), parity_of(other))


def clear(folder: Path) -> None:
    for old in folder.iterdir():
        old.unlink()


def read_whole(source: Path, path: Path) -> Contents:
    """Return the marks and samples of a store, read from a copy at `path`."""
    clear(path.parent)
    copy_store(source, path)
    with closing(DuckDBStore(path)) as store:
        return contents_of(store)


def samples_of(store: DuckDBStore) -> dict[tuple[str, int], tuple[float, int]]:
    found: list[Samples] = store.raw(EVERYTHING, -(2**61), 2**61)
    return {
        (samples.key.channel, time_ms): (value, quality)
        for samples in found
        for time_ms, value, quality in zip(
            samples.time_ms.tolist(), samples.value.tolist(), samples.quality.tolist(), strict=True
        )
    }


Contents = tuple[Mapping[tuple[str, str], MarkState], list[tuple[SeriesKey, bytes, bytes, bytes]]]


def contents_of(store: DuckDBStore) -> Contents:
    """Return marks and samples of a store, to be compared."""
    found: list[Samples] = store.raw(EVERYTHING, -(2**61), 2**61)
    return store.marks(), [(s.key, s.time_ms.tobytes(), s.value.tobytes(), s.quality.tobytes()) for s in found]


def flip_bit(path: Path, bit: int) -> None:
    path.write_bytes(flip(path.read_bytes(), bit))


def fuzz(trials: int) -> Iterator[random.Random]:
    """Yield a source of random numbers for each trial; its seed is printed with a failure."""
    for _ in range(trials):
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}")
        yield random.Random(seed)


def test_whatever_bit_of_the_log_is_flipped_the_commits_before_it_are_read_and_the_loss_is_said(
    killed: Path, path: Path
) -> None:
    log = wal_of(killed).read_bytes()
    for chance in fuzz(15):
        clear(path.parent)
        copy_store(killed, path)
        flip_bit(wal_of(path), chance.randrange(8 * len(log)))
        spoiled = wal_of(path).read_bytes()
        with closing(DuckDBStore(path)) as store:
            found, marks, said = samples_of(store), store.marks(), store.info().damage
            events = store.events(A.organisation, 0, 2**40)
            assert store.write(batch((A, 5_000_000, 1.0))) == WriteResult(1)
        last = marks["gw", "e"].high_water - 1
        assert marks == {("gw", "e"): MarkState(last + 1)}
        assert found == {("air_temperature_degc", 0): (0.5, 1)} | {
            (each.channel, number * 100 + at): (number + at / 7, 1)
            for number in range(1, last + 1)
            for each in (A, B)
            for at in range(9)
        }
        assert len(events) == last
        if said and last < COMMITS:
            assert f"Records that were kept: gw up to {last + 1} of e." in said[0]
            assert "The newest sample that was kept is of 1970-01-01 00:00:0" in said[0]
        if said:
            assert spoiled in [kept.read_bytes() for kept in path.parent.glob("store.duckdb.damaged-*.wal")]
        else:
            assert last == COMMITS


def test_whatever_bit_of_file_or_log_is_flipped_the_parity_gives_everything_back(
    stopped: Path, killed: Path, path: Path
) -> None:
    for source, spoil in ((stopped, path), (killed, wal_of(path))):
        whole = read_whole(source, path)
        body = (source if spoil == path else wal_of(source)).read_bytes()
        for chance in fuzz(8):
            clear(path.parent)
            copy_store(source, path, with_parity=True)
            flip_bit(spoil, chance.randrange(8 * len(body)))
            with closing(DuckDBStore(path)) as store:
                (damage,) = store.damage()
                assert contents_of(store) == whole
                assert not damage.may_lack_data
                assert "nothing was lost" in damage.sentence


def test_a_lost_page_of_a_header_a_block_or_the_log_is_given_back(stopped: Path, killed: Path, path: Path) -> None:
    for source, spoil, places in (
        (stopped, path, (0, 12_288, 12_288 + 262_144 * 3 + 4096 * 5)),
        (killed, wal_of(path), (4096,)),
    ):
        whole = read_whole(source, path)
        for place in places:
            clear(path.parent)
            copy_store(source, path, with_parity=True)
            body = spoil.read_bytes()
            spoil.write_bytes((body[:place] + bytes(4096))[: len(body)] + body[place + 4096 :])
            with closing(DuckDBStore(path)) as store:
                assert contents_of(store) == whole


def test_a_page_of_which_the_checksum_does_not_see_that_it_is_lost_is_given_back(tmp_path: Path) -> None:
    path, parity = tmp_path / "file", ParityFile(tmp_path / "parity")
    words = b"repeated" * (PAGE_BYTES // 8)
    body = struct.pack("<QQQQ", 3, 0, 0, 1).ljust(PAGE_BYTES - 8, b"\0")  # one block
    header = struct.pack("<Q", checksum(body)) + body
    block = bytes(PAGE_BYTES - 8) + words + bytes(BLOCK_BYTES - 2 * PAGE_BYTES)
    block = struct.pack("<Q", checksum(block)) + block
    path.write_bytes(3 * header + block)
    with path.open("rb") as file:
        assert cover_file(file.fileno(), parity, (), 10)
    lost = 3 * header + block.replace(words, bytes(PAGE_BYTES))
    path.write_bytes(lost)
    assert checksum(lost[3 * PAGE_BYTES + 8 :]) == struct.unpack_from("<Q", block)[0]
    assert find_damaged(path, 5.0, parity) == 3 * PAGE_BYTES
    assert mend_blocks(path, parity).restored == 1
    assert path.read_bytes() == 3 * header + block


def test_a_block_that_was_written_anew_with_the_same_checksum_is_kept_as_it_is(tmp_path: Path) -> None:
    path, parity = tmp_path / "file", ParityFile(tmp_path / "parity")
    first, second = struct.pack("<QQ", 7, 9), struct.pack("<QQ", 9, 7)
    blocks = []
    for words in (first, second):
        block = words.ljust(BLOCK_BYTES - 8, b"\0")
        blocks.append(struct.pack("<Q", checksum(block)) + block)
    assert blocks[0][:8] == blocks[1][:8], "the words are the same, their places are not"
    for iteration, block in enumerate(blocks, 3):
        body = struct.pack("<QQQQ", iteration, 0, 0, 1).ljust(PAGE_BYTES - 8, b"\0")
        main = bytes(PAGE_BYTES - 8)
        headers = struct.pack("<Q", checksum(main)) + main + 2 * (struct.pack("<Q", checksum(body)) + body)
        path.write_bytes(headers + block)
        with path.open("rb") as file:
            assert cover_file(file.fileno(), parity, (), 10)
    assert find_damaged(path, 5.0, parity) is None
    assert mend_blocks(path, parity).restored == 0
    assert path.read_bytes() == headers + blocks[1]


def test_parity_of_another_state_of_a_file_changes_nothing(stopped: Path, path: Path) -> None:
    copy_store(stopped, path, with_parity=True)
    before = parity_of(path).read_bytes()
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 2**45, 1.0), marks=[Mark("gw", "e", 5, 5)]))
    assert parity_of(path).read_bytes() != before
    newest = path.read_bytes()
    parity_of(path).write_bytes(before)
    for place in (12_288 + 4096 * 2, 8192, 4096):
        path.write_bytes(newest[:place] + bytes(4096) + newest[place + 4096 :])
        with suppress(DataDamaged), closing(DuckDBStore(path)) as store:
            assert store.marks() == {("gw", "e"): MarkState(5)} or store.damage()[-1].may_lack_data
        clear(path.parent)
        parity_of(path).write_bytes(before)


def test_the_parity_is_written_where_something_changed_and_keeps_the_lock_of_the_file(path: Path) -> None:
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0)))
        assert store._writer.protect()
        written = [parity_of(each).stat().st_mtime_ns for each in (path, wal_of(path))]
        assert store._writer.protect()
        assert [parity_of(each).stat().st_mtime_ns for each in (path, wal_of(path))] == written
        locks = Path("/proc/locks").read_text().split("\n")
        assert any(f":{path.stat().st_ino} " in lock and "WRITE" in lock for lock in locks)


def test_whatever_bit_of_a_file_without_parity_is_flipped_only_what_is_said_to_be_lost_is_missing(
    stopped: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A list of tables that cannot be put right is tried for so long: the answer is the same after half a minute.
    monkeypatch.setattr(file_repair, "_MOST_TRIALS_S", 0.5)
    before = read_whole(stopped, path)
    with closing(DuckDBStore(path)) as store:
        whole = samples_of(store)
    used = list_used_blocks(stopped)
    assert used is not None
    body = stopped.read_bytes()
    for chance in fuzz(8):
        clear(path.parent)
        # Corrections of lists of tables are tried one by one: the test of the parity and the next one flip those.
        while (bit := chance.randrange(8 * len(body))) // 8 // 262_144 in used.lists:
            pass
        path.write_bytes(flip(body, bit))
        spoiled = path.read_bytes()
        with closing(DuckDBStore(path)) as store:
            (damage,), losses, after = store.damage(), store.info().losses, contents_of(store)
            found = whole if after[1] == before[1] else samples_of(store)
            assert store.write(batch((A, 2**45, 1.0))) == WriteResult(1)
        certain = {name: sample for name, sample in found.items() if sample[1] != SUSPECT}
        assert certain.items() <= whole.items()
        assert found.keys() <= whole.keys()
        assert len(whole) - len(found) == damage.lost_samples
        assert losses == ((damage,) if damage.may_lack_data else ())
        assert damage.may_lack_data or certain == whole
        assert damage.is_verified
        assert after[0] == before[0] or "marks of gateways" in damage.sentence
        if damage.start_ms is not None and damage.end_ms is not None:
            uncertain = [time_ms for _, time_ms in whole.keys() - certain.keys()]
            assert not uncertain or damage.start_ms <= min(uncertain) <= max(uncertain) < damage.end_ms
        assert (path.parent / damage.kept[0]).read_bytes() == spoiled


def test_a_list_of_tables_without_parity_is_corrected_by_trials(stopped: Path, path: Path) -> None:
    before = read_whole(stopped, path)
    used = list_used_blocks(stopped)
    assert used is not None
    at = 12_288 + 262_144 * min(used.lists)
    body = stopped.read_bytes()
    block = body[at : at + 262_144]
    stored = checksum(block[8:])
    bit = nearly_proven_bit(block[8:], stored)
    clear(path.parent)
    path.write_bytes(body[: at + 8] + flip(block[8:], bit) + body[at + 262_144 :])
    with closing(DuckDBStore(path)) as store:
        assert contents_of(store) == before
        assert store.damage()[0].is_verified


def nearly_proven_bit(block: bytes, stored: int) -> int:
    """Return the bit of the begin of a block of which the checksum nearly, but not quite, proves that it is flipped."""
    found = []
    for bit in range(57, 8 * 4096, 64):
        flipped = flip(block, bit)
        suspects = list_suspects(flipped, stored)
        if find_flipped_bit(flipped, stored) is None and suspects is not None:
            found.append((len(suspects), bit))
    return min(found)[1]


def test_of_several_lost_pages_the_parity_names_those_that_are_lost(stopped: Path, path: Path) -> None:
    at = 12_288 + 262_144 * 3
    body = bytearray(stopped.read_bytes())
    for page in (5, 9):
        body[at + 4096 * page : at + 4096 * (page + 1)] = bytes(range(256)) * 16
    named = {}
    for with_parity in (True, False):
        clear(path.parent)
        copy_store(stopped, path, with_parity=with_parity)
        path.write_bytes(body)
        named[with_parity] = mend_blocks(path, ParityFile(parity_of(path))).damaged[3]
    starts = range(0, 262_144 - 8, 4096)
    assert [start // 4096 for start in starts if named[True].may_touch(start + 8, start + 16)] == [5, 9]
    assert all(named[False].may_touch(start, start + 8) for start in starts)


@pytest.mark.parametrize("damage", ["cut", "sector", "bits"])
def test_what_is_left_of_a_file_with_larger_damage_is_kept(stopped: Path, path: Path, damage: str) -> None:
    with closing(DuckDBStore(stopped)) as store:
        whole = samples_of(store)
    body = stopped.read_bytes()
    block = 12_288 + 262_144 * 3
    path.write_bytes(
        {
            "cut": body[: len(body) - 300_000],
            "sector": body[:block] + bytes(range(1, 129)) * 4 + body[block + 512 :],
            "bits": flip(flip(body, (block + 800) * 8 + 60), (block + 9_000) * 8 + 61),
        }[damage]
    )
    with closing(DuckDBStore(path)) as store:
        found, (note,) = samples_of(store), store.damage()
    assert {name for name, sample in found.items() if sample[1] != SUSPECT and sample != whole[name]} == set()
    assert len(whole) - len(found) == note.lost_samples


def test_a_log_that_a_crash_cut_off_is_no_damage(killed: Path, path: Path) -> None:
    log = wal_of(killed).read_bytes()
    expected = make_header(killed)
    assert expected is not None
    assert log.startswith(expected)
    assert not any(scan_log(log[:length], expected).is_damaged for length in range(0, len(log), 7))
    shutil.copyfile(killed, path)
    wal_of(path).write_bytes(log[:-30])
    with closing(DuckDBStore(path)) as store:
        assert store.marks() == {("gw", "e"): MarkState(COMMITS)}
        assert store.info().damage == ()


def test_blocks_of_a_checkpoint_that_was_killed_are_no_damage(killed: Path, path: Path) -> None:
    whole = read_whole(killed, path)
    clear(path.parent)
    copy_store(killed, path, with_parity=True)
    with path.open("ab") as file:  # as it leaves them: one that is written, one that is not, and a half
        file.write(path.read_bytes()[-BLOCK_BYTES:] + bytes(BLOCK_BYTES) + bytes(BLOCK_BYTES // 2))
    with closing(DuckDBStore(path)) as store:
        assert store.damage() == []
        assert contents_of(store) == whole


def test_damage_of_a_block_that_only_the_log_names_is_found(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET wal_autocheckpoint = '1GB'")
        connection.execute("CREATE TABLE counted (number BIGINT)")
        connection.execute("CHECKPOINT")
        before = path.stat().st_size
        connection.execute("INSERT INTO counted SELECT (hash(range) >> 1)::BIGINT FROM range(300_000)")
        copy_store(path, path.with_name("copy"))
    copy, parity = path.with_name("copy"), ParityFile(path.with_name("none"))
    assert copy.stat().st_size > before, "the rows are in blocks behind those that the header counts"
    assert find_damaged(copy, 5.0, parity) is None
    flip_bit(copy, 8 * (before + 1000))
    assert find_damaged(copy, 5.0, parity) == before


def test_a_single_flipped_bit_is_corrected_only_where_the_checksum_proves_it() -> None:
    chance = random.Random(11)
    for length in (5, 8, 19, 164, 4088):
        body = chance.randbytes(length)
        stored = checksum(body)
        found = [(bit, find_flipped_bit(flip(body, bit), stored)) for bit in range(0, 8 * length, 3)]
        assert all(right in (None, bit) for bit, right in found)
        assert sum(right is not None for _, right in found) > len(found) / 2
        twice = flip(flip(body, 9), 30)
        assert find_flipped_bit(twice, stored) is None


def test_damage_is_said_after_every_start_until_somebody_acknowledges_it(killed: Path, path: Path) -> None:
    copy_store(killed, path)
    flip_bit(wal_of(path), 8 * 700)
    for _ in range(2):
        with closing(DuckDBStore(path)) as store:
            assert len(store.info().damage) == 1
    with closing(DuckDBStore(path)) as store:
        assert [note.kind for note in store.acknowledge_damage(1234, "key:abc")] == ["log"]
        assert store.info().damage == ()
        assert store.acknowledge_damage(1235, "key:abc") == []
    with closing(DuckDBStore(path)) as store:
        assert store.info().damage == ()
        assert [(note.acknowledged_ms, note.acknowledged_by) for note in store.damage()] == [(1234, "key:abc")]


def test_notes_that_cannot_be_read_are_said(path: Path) -> None:
    DuckDBStore(path).close()
    note_path(path).write_bytes(b"[{")
    with closing(DuckDBStore(path)) as store:
        (said,) = store.info().damage
    assert "cannot be read" in said


def test_a_log_without_its_file_is_kept_and_said(killed: Path, path: Path) -> None:
    shutil.copyfile(wal_of(killed), wal_of(path))
    with closing(DuckDBStore(path)) as store:
        assert store.info().points == 0
        (said,) = store.info().damage
    assert "is gone" in said
    (kept,) = path.parent.glob("*.damaged-*.wal")
    assert kept.read_bytes() == wal_of(killed).read_bytes()


def delete_file(path: Path) -> None:
    path.unlink()


def delete_log(path: Path) -> None:
    wal_of(path).unlink()


def delete_both(path: Path) -> None:
    path.unlink()
    wal_of(path).unlink()


@pytest.mark.parametrize("delete", [delete_file, delete_log, delete_both])
def test_a_file_that_is_deleted_while_the_store_is_open_is_written_again(
    path: Path, delete: Callable[[Path], None]
) -> None:
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0), marks=[Mark("gw", "e", 1, 1)]))
        delete(path)
        assert store.write(batch((A, 2, 2.0), marks=[Mark("gw", "e", 2, 2)])) == WriteResult(1)
        assert "deleted" in store.info().damage[0]
        copy_store(path, path.with_name("after.duckdb"))
    for each in (path, path.with_name("after.duckdb")):
        with closing(DuckDBStore(each)) as again:
            assert samples_of(again) == {(A.channel, 1): (1.0, 1), (A.channel, 2): (2.0, 1)}
            assert again.marks() == {("gw", "e"): MarkState(2)}


class BusyCursor:
    """An idle cursor that is in use in the moment when it is to be closed."""

    def close(self) -> None:
        raise duckdb.InvalidInputException("connection is busy with another call")


def test_a_file_that_cannot_be_closed_in_this_moment_is_put_back_later(path: Path) -> None:
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0)))
        store._file._idle.append(BusyCursor())  # type: ignore[arg-type] # it refuses as a cursor does
        path.unlink()
        with suppress(RetryLater):
            store.write(batch((A, 2, 2.0)))
        wait_until(lambda: path.exists() and "deleted" in "".join(store.info().damage))
        assert store.write(batch((A, 2, 2.0))) in (WriteResult(1), WriteResult(0, duplicate=1))
    with closing(DuckDBStore(path)) as again:
        assert samples_of(again) == {(A.channel, 1): (1.0, 1), (A.channel, 2): (2.0, 1)}


def test_a_deletion_is_noticed_within_seconds_without_a_write(path: Path) -> None:
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0)))
        path.unlink()
        wait_until(lambda: bool(store.info().damage))
        assert path.exists()


def test_a_commit_that_has_no_place_on_the_disk_is_not_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with closing(DuckDBStore(folder / "store.duckdb")) as store:
        store.write(batch((A, 1, 1.0)))
        shutil.rmtree(folder)
        with pytest.raises(RetryLater):
            store.write(batch((A, 2, 2.0)))
        assert "not in their place" in store.info().damage[-1]
        folder.mkdir()
        assert store.write(batch((A, 2, 2.0))) == WriteResult(0, duplicate=1)
    with closing(DuckDBStore(folder / "store.duckdb")) as again:
        assert len(samples_of(again)) == 2


def test_a_file_that_replaces_an_open_one_is_used_and_nothing_is_acknowledged_in_between(path: Path) -> None:
    other = path.with_name("other.duckdb")
    with closing(DuckDBStore(other)) as store:
        store.write(batch((B, 7, 7.0)))
    with closing(DuckDBStore(path)) as store:
        store.write(batch((A, 1, 1.0)))
        os.replace(other, path)  # noqa: PTH105 - as an operator does
        with pytest.raises(RetryLater, match="replaced"):
            store.write(batch((A, 2, 2.0)))
        assert samples_of(store) == {(B.channel, 7): (7.0, 1)}
        assert store.write(batch((A, 2, 2.0))) == WriteResult(1)
        (note,) = load_notes(path)
        assert note.kind == "replaced"
    with closing(DuckDBStore(path.parent / note.kept[0])) as before:
        assert samples_of(before) == {(A.channel, 1): (1.0, 1), (A.channel, 2): (2.0, 1)}


def test_a_salvage_keeps_every_row_where_whole_row_groups_were_deleted_before(tmp_path: Path) -> None:
    path, target = tmp_path / "farm.duckdb", tmp_path / "new.duckdb"
    DuckDBStore(path).close()
    with duckdb.connect(str(path)) as connection:
        # As a night does: the oldest row groups go, and their numbers are never used again.
        connection.execute("INSERT INTO points SELECT 0, i, 0, i % 97, 1 FROM range(600_000) t(i)")
        connection.execute("CHECKPOINT")
        connection.execute("DELETE FROM points WHERE second_s < 245_760")
        connection.execute("CHECKPOINT")
        connection.execute("INSERT INTO series VALUES (0, 'acme', 'home', 'greenhouse', 'gh-1', 'co2_ppm', FALSE)")
    with duckdb.connect(str(path)) as connection:
        ((rows, first),) = connection.execute("SELECT count(*), min(rowid) FROM points").fetchall()
    assert (rows, first) == (354_240, 245_760)
    found = salvage(path, target, {})
    assert found.lost_rows == {}
    with duckdb.connect(str(target)) as connection:
        assert connection.execute("SELECT count(*), sum(v) FROM points").fetchall() == [
            (354_240, float(sum(number % 97 for number in range(245_760, 600_000))))
        ]
