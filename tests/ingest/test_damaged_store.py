"""Losses by damage of the store, shown in the delivery of every gateway: with its times, or as unknown."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pytest

from headland.contract.delivery import Delivery
from headland.files.damage_notes import FileDamage, add_note, load_notes, note_path
from headland.store.duckdb.paths import parity_of, wal_of
from headland.store.duckdb.repair.checksums import flip
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, WriteBatch
from ingest.accounting.delivery import MAX_STORE_LOSSES, GatewayFigures, reconcile
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.store.batches import batch, key

KEY = key("air_temperature_degc")


def bits_of_values(path: Path) -> int:
    """Return the first bit of a segment of values in the main file."""
    query = "SELECT block_id, block_offset FROM pragma_storage_info('points') WHERE column_name = 'v' AND block_id >= 0"
    with closing(duckdb.connect(str(path), read_only=True)) as connection:
        block, offset = connection.execute(f"{query} AND segment_type = 'DOUBLE' ORDER BY row_group_id").fetchall()[0]
    return 8 * (12_288 + 262_144 * int(block) + 8 + int(offset))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store as a stop leaves it, with samples in blocks of the main file."""
    path = tmp_path / "store.duckdb"
    count = 60_000
    values = np.round(np.random.default_rng(4).normal(20, 3, count), 2)
    points = Points([KEY], np.zeros(count, np.int32), np.arange(count) * 1000, values, np.ones(count, np.uint8))
    with closing(DuckDBStore(path)) as store:
        store.write(WriteBatch(points, marks=[Mark("gw-1", "e1", 1, 7, entry=0)]))
    return path


def delivery(path: Path) -> Delivery:
    with closing(DuckDBStore(path)) as store:
        service = IngestService(IngestSettings(quarantine_path=path.with_name("quarantine.sqlite")), store)
        found = service.delivery("gw-1")
        service.quarantine.close()
    assert found is not None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Delivery) == found
    return found


def damage_block(path: Path) -> None:
    """Flip two bits of one block, which no checksum can tell from others."""
    first = bits_of_values(path) + 8 * 900
    path.write_bytes(flip(flip(path.read_bytes(), first), first + 8 * 9_000 + 1))


def test_a_damaged_block_of_the_main_file_shows_with_its_times_also_once_it_is_acknowledged(path: Path) -> None:
    assert delivery(path).store_losses == ()
    damage_block(path)
    found = delivery(path)
    (note,) = load_notes(path)
    (loss,) = found.store_losses
    assert (loss.found_ms, loss.samples, loss.sentence) == (note.found_ms, note.lost_samples, note.sentence)
    assert loss.samples or loss.suspect_samples
    assert loss.start_ms is not None
    assert loss.end_ms is not None
    assert 0 <= loss.start_ms < loss.end_ms <= 60_000_000
    assert (found.loss, found.totals.stored, loss.acknowledged_ms) == (0, 7, None)
    with closing(DuckDBStore(path)) as store:
        store.acknowledge_damage(1234, "key:abc")
    assert [each.acknowledged_ms for each in delivery(path).store_losses] == [1234]


def test_a_corrected_bit_is_no_loss(path: Path) -> None:
    body, first = path.read_bytes(), bits_of_values(path) + 8000
    parity_of(path).unlink()
    for bit in range(first, first + 10):
        path.write_bytes(flip(body, bit))
        note_path(path).unlink(missing_ok=True)
        found = delivery(path)
        (note,) = load_notes(path)
        if "corrected by the checksums" in note.sentence:
            assert found.store_losses == ()
            return
    pytest.fail("no bit was corrected")


def test_what_nobody_can_count_is_unknown(path: Path) -> None:
    path.write_bytes(b"\0" * 40_000)
    with pytest.raises(Exception, match="moved"):
        DuckDBStore(path)
    with closing(DuckDBStore(path)) as store:
        store.write(batch((KEY, 1, 1.0), marks=[Mark("gw-1", "e2", 1, 1)]))
    (loss,) = delivery(path).store_losses
    assert (loss.samples, loss.events, loss.start_ms, loss.end_ms) == (None, None, None, None)
    assert "nothing of it could be salvaged" in loss.sentence


def test_a_file_that_is_gone_with_a_log_left_is_unknown(path: Path) -> None:
    wal_of(path).write_bytes(b"some log")
    path.unlink()
    with closing(DuckDBStore(path)) as store:
        store.write(batch((KEY, 1, 1.0), marks=[Mark("gw-1", "e2", 1, 1)]))
    (loss,) = delivery(path).store_losses
    assert (loss.samples, loss.start_ms) == (None, None)


def test_notes_that_cannot_be_read_are_an_unknown_loss(path: Path) -> None:
    note_path(path).write_bytes(b"[{")
    (loss,) = delivery(path).store_losses
    assert (loss.samples, loss.start_ms) == (None, None)


def test_a_list_of_rows_that_was_damaged_itself_leaves_the_extent_unknown() -> None:
    known = FileDamage(
        kind="file", found_ms=5, sentence="s", lost_samples=3, lost_events=1, suspect_samples=2, start_ms=1, end_ms=9
    )
    doubtful = msgspec.structs.replace(known, is_verified=False)
    report = reconcile("gw-1", {}, {}, GatewayFigures(0), damage=[known, doubtful])
    first, second = report.store_losses
    assert (first.samples, first.events, first.suspect_samples, first.start_ms, first.end_ms) == (3, 1, 2, 1, 9)
    assert (second.samples, second.events, second.start_ms, second.end_ms) == (None, None, None, None)


def test_lost_events_alone_are_a_loss_and_the_list_is_bounded(path: Path) -> None:
    for number in range(MAX_STORE_LOSSES + 3):
        add_note(path, FileDamage(kind="file", found_ms=number, sentence="s", lost_samples=0, lost_events=1))
    add_note(path, FileDamage(kind="file", found_ms=1000, sentence="s", lost_samples=0))
    found = delivery(path)
    assert [loss.found_ms for loss in found.store_losses] == list(range(3, MAX_STORE_LOSSES + 3))
    assert (found.store_losses_left_out, found.store_losses[0].events) == (3, 1)
