"""Saved delivery marks: a replaced store, an older one and a silent gateway stay in the reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.contract.delivery import EpochRange
from headland.contract.records import GatewayStatus
from headland.errors import RetryLater
from headland.registry.registry import Registry, open_registry
from headland.store.memory import MemoryStore
from station.server.workers.delivery_marks_sync import DeliveryMarksSync
from tests.ingest.brittle_store import BrittleStore
from tests.ingest.gateway import T0_MS, batch_of, block_of
from tests.ingest.writer_bench import Bench


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", lambda: T0_MS)
    yield opened
    opened.close()


def bench_of(folder: Path, registry: Registry, store: MemoryStore) -> tuple[Bench, DeliveryMarksSync]:
    assert isinstance(store, BrittleStore)
    bench = Bench(folder, store)
    sync = DeliveryMarksSync(registry, store, "local")
    bench.service.recorded_marks = sync.known
    return bench, sync


def test_after_a_store_was_replaced_each_lost_record_of_each_spool_is_named(tmp_path: Path, registry: Registry) -> None:
    bench, sync = bench_of(tmp_path, registry, BrittleStore())
    for gateway, epoch, records in (("ga", "first", 1531), ("ga", "second", 20), ("retired", "only", 7)):
        block = block_of({"air_temperature_degc": [20.0]}, device=f"house-of-{gateway}")
        bench.put(batch_of(records, block, gateway=gateway, epoch=epoch, first=1))
    bench.settle()
    assert sync.sync() == 3
    bench.writer.finish()
    later, later_sync = bench_of(tmp_path, registry, BrittleStore())
    later.put(batch_of(56, gateway="ga", epoch="third", first=1))
    later.say(GatewayStatus(gw="ga", online=True, t=T0_MS, epoch="third", acked_seq=56))
    later.settle()
    assert later.delivery("ga").loss == 0
    assert later_sync.sync() == 1
    report = later.delivery("ga")
    assert (report.loss, report.totals.stored) == (1551, 56)
    assert report.lost == (EpochRange("first", 1, 1531), EpochRange("second", 1, 20))
    assert later.service.names() == ["ga", "retired"]
    assert later.delivery("retired").lost == (EpochRange("only", 1, 7),)
    assert registry.repositories(registry.organisation("local").id, "t").delivery_marks.forget("retired") == 1
    later_sync.sync()
    assert later.service.names() == ["ga"]
    later.writer.finish()


def test_after_an_older_store_was_restored_the_records_since_are_lost(tmp_path: Path, registry: Registry) -> None:
    bench, sync = bench_of(tmp_path, registry, BrittleStore())
    for seq in range(1, 11):
        bench.put(batch_of(seq))
    bench.settle()
    sync.sync()
    bench.writer.finish()
    older = BrittleStore()
    earlier, _ = bench_of(tmp_path, registry, older)
    for seq in range(1, 5):
        earlier.put(batch_of(seq))
    earlier.settle()
    earlier.writer.finish()
    later, later_sync = bench_of(tmp_path, registry, older)
    later_sync.sync()
    assert (later.delivery("gw-1").loss, later.delivery("gw-1").lost) == (6, (EpochRange("e1", 5, 10),))
    later.writer.finish()


def test_an_unreachable_registry_keeps_nobody_waiting_and_is_written_later(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, sync = bench_of(tmp_path, registry, BrittleStore())

    def is_away(*_: object, **__: object) -> None:
        raise RetryLater("the registry is away")

    with monkeypatch.context() as away:
        away.setattr(registry, "organisation", is_away)
        for seq in range(1, 4):
            bench.put(batch_of(seq))
        bench.settle()
        assert bench.acks.acks[-1][1].seq == 3
        with pytest.raises(RetryLater):
            sync.sync()
        assert (sync.known(), bench.delivery("gw-1").totals.stored) == ({}, 3)
    assert sync.sync() == 1
    assert sync.known() == {("gw-1", "e1"): 3}
    assert sync.sync() == 0
    bench.writer.finish()
