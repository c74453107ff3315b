"""Power cuts under the embedded store: acknowledged batches are there, and each is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState
from tests.examples import examples
from tests.power_cut.disk import Cut, cut_power, record
from tests.store.batches import EVERYTHING, ORG
from tests.store.crash_writer import POINTS, SERIES

pytestmark = pytest.mark.services("gcc")


def batches_after(cut: Cut) -> int:
    """Open the image, check that each batch in it is whole, and return their number."""
    store = DuckDBStore(cut.folder / "store.duckdb")
    found = store.raw(EVERYTHING, 0, 2**60)
    lengths = {len(samples.time_ms) for samples in found}
    assert len(lengths) <= 1, "a batch is torn"
    batches = lengths.pop() * SERIES // POINTS if lengths else 0
    assert store.info().points == batches * POINTS
    assert store.marks() == ({("gw", "e"): MarkState(batches)} if batches else {})
    assert [event.t for event in store.events(ORG, 0, 2**60)] == list(range(1, batches + 1))
    if not cut.is_torn:
        assert store.info().damage == ()
    store.close()
    return batches


def test_a_power_cut_loses_no_acknowledged_batch_and_tears_none(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    recording = record("tests.power_cut.store_writer", str(folder), "14", folder=folder, scratch=tmp_path)
    assert recording.status == 0
    for cut in cut_power(recording, tmp_path, after_acks=examples(40), anywhere=examples(60), seed=3):
        last = max(map(int, cut.acknowledged), default=0)
        assert last <= batches_after(cut) <= last + 1


def test_a_store_on_a_disk_that_does_not_sync_its_log_is_told_apart(tmp_path: Path) -> None:
    """The check itself: it must notice a store that acknowledges before its log is synced."""
    folder = tmp_path / "disk"
    folder.mkdir()
    recording = record("tests.power_cut.store_writer", str(folder), "4", folder=folder, scratch=tmp_path)
    cuts = cut_power(recording, tmp_path, after_acks=4, anywhere=0, seed=4, ignored="store.duckdb.wal")
    assert any(batches_after(cut) < len(cut.acknowledged) for cut in cuts)
