"""The writer's order of things, without a broker: a real inbox, a real store, acks noted down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from headland.contract.codec import encode_batch, encode_record
from headland.contract.records import Ack, Batch, Clock, Descriptor
from headland.contract.topics import data_topic, meta_topic
from headland.errors import RetryLater
from headland.store.port import Mark, MarkState, WriteBatch
from ingest.columns import Columns
from ingest.inbox import Inbox, Message
from ingest.settings import IngestSettings
from ingest.writer import Writer
from tests.ingest.brittle_store import BrittleStore, count_points, is_away
from tests.ingest.gateway import T0_MS, batch_of, block_of, properties_of
from tests.waiting import wait_until


class NotedAcks:
    """Notes what the writer says to the broker."""

    def __init__(self) -> None:
        self.mids: list[int] = []
        self.acks: list[tuple[str, Ack]] = []
        self.connected = True

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.mids += [message.mid for message in messages]

    def publish_ack(self, gateway: str, ack: Ack) -> bool:
        if self.connected:
            self.acks.append((gateway, ack))
        return self.connected


class Bench:
    """A running writer and everything around it."""

    def __init__(self, folder: Path) -> None:
        self.store = BrittleStore()
        self.inbox = Inbox(1000)
        self.acks = NotedAcks()
        settings = IngestSettings(quarantine_path=folder / "quarantine.sqlite", batch_wait_s=0.001)
        self.writer = Writer(settings, self.store, self.inbox, self.acks, now_ms=lambda: T0_MS + 1000)
        self._mid = 0

    def put(self, batch: Batch, payload: bytes | None = None, base: int | None = None) -> int:
        self._mid += 1
        body = encode_batch(batch) if payload is None else payload
        properties = properties_of(batch.epoch, batch.seq, batch.first)
        if base is not None:
            properties["base"] = str(base)
        self.inbox.put(Message(1, self._mid, 1, data_topic(batch.gw), body, False, properties))
        return self._mid

    def wait_for_mids(self, mids: list[int]) -> None:
        wait_until(lambda: self.acks.mids == mids)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.stop()


def test_copies_of_one_record_in_one_flush_are_stored_once_and_all_acknowledged(bench: Bench) -> None:
    mids = [bench.put(batch_of(1)), bench.put(batch_of(1)), bench.put(batch_of(2))]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert bench.writer.counts["duplicate"] == 1
    assert bench.writer.counts["points_duplicate"] == 0
    assert count_points(bench.store) == 4


def test_marks_of_a_former_run_are_known(bench: Bench) -> None:
    bench.store.write(WriteBatch(Columns("home").points(0), marks=[Mark("gw-1", "e1", 1, 5)]))
    bench.put(batch_of(5))
    bench.put(batch_of(6))
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=6))])
    assert bench.writer.counts["duplicate"] == 1
    assert count_points(bench.store) == 2


def test_a_new_store_counts_what_a_gateway_no_longer_has_and_goes_on(bench: Bench) -> None:
    bench.put(batch_of(503))
    bench.put(batch_of(501), base=501)
    bench.put(batch_of(502))
    bench.writer.start()
    wait_until(lambda: bench.acks.acks and bench.acks.acks[-1] == ("gw-1", Ack(epoch="e1", seq=503)))
    assert bench.writer.counts["records_gone_unseen"] == 500
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(503)}


def test_a_base_that_is_already_accounted_for_changes_nothing(bench: Bench) -> None:
    bench.store.write(WriteBatch(Columns("home").points(0), marks=[Mark("gw-1", "e1", 1, 5)]))
    bench.put(batch_of(6), base=6)
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=6))])
    assert bench.writer.counts["records_gone_unseen"] == 0


@pytest.mark.parametrize("base", [0, -1, 7, 2**63])
def test_a_base_that_makes_no_sense_is_not_believed(bench: Bench, base: int) -> None:
    bench.put(batch_of(6), base=base)
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=0))])
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(0, ((6, 6),))}


def test_a_described_device_keeps_which_clock_its_newest_samples_had(bench: Bench) -> None:
    descriptor = Descriptor(device="gh-1", kind="greenhouse", site="home", name="House")
    meta = Message(1, 900, 1, meta_topic("gw-1", "gh-1"), encode_record(descriptor), False, {})
    bench.inbox.put(meta)
    bench.put(batch_of(1))
    bench.inbox.put(replace(meta, mid=901))
    bench.writer.start()
    wait_until(lambda: 901 in bench.acks.mids)
    assert [record.clock for record in bench.store.devices("local")] == [Clock.NTP]


def test_a_stop_never_lets_a_later_flush_overtake_one_that_is_not_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.writer.MAX_FLUSH_POINTS", 1)

    def check(batch: WriteBatch) -> None:
        if any(mark.first == 1 for mark in batch.marks):
            raise RetryLater("away for the first flush only")

    bench.store.check = check
    bench.put(batch_of(1))
    bench.put(batch_of(2))
    bench.writer.start()
    wait_until(lambda: bench.store.tries >= 2)
    bench.writer.stop()
    assert (bench.acks.mids, bench.acks.acks) == ([], [])
    assert bench.store.marks() == {}


def test_a_range_that_a_gateway_dropped_is_accounted_for_in_one_message(bench: Bench) -> None:
    bench.put(Batch(gw="gw-1", epoch="e1", seq=50, first=1, v=1))
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=50))])
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(50)}
    assert bench.store.tries == 1


def test_a_commit_ack_that_could_not_be_published_is_owed(bench: Bench) -> None:
    bench.acks.connected = False
    mid = bench.put(batch_of(1))
    bench.writer.start()
    bench.wait_for_mids([mid])
    assert bench.acks.acks == []
    bench.acks.connected = True
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=1))])
    bench.writer.resend_acks()
    wait_until(lambda: len(bench.acks.acks) == 2)


def test_poison_is_on_the_quarantines_disk_before_its_mark_is_in_the_store(bench: Bench) -> None:
    bench.store.check = is_away
    bench.put(batch_of(1), b"poison")
    bench.writer.start()
    wait_until(lambda: bench.store.tries >= 2)
    assert bench.writer.quarantine.count() == 1
    assert bench.acks.mids == []
    bench.store.check = lambda _: None
    bench.wait_for_mids([1])
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(1)}


def test_a_quarantine_that_cannot_be_written_holds_the_ack_back(tmp_path: Path) -> None:
    (tmp_path / "quarantine.sqlite").mkdir()
    bench = Bench(tmp_path)
    bench.put(batch_of(1), b"poison")
    bench.writer.start()
    try:
        wait_until(lambda: "quarantine" in bench.writer.trouble)
        assert (bench.acks.mids, bench.store.tries) == ([], 0)
        (tmp_path / "quarantine.sqlite").rmdir()
        bench.wait_for_mids([1])
    finally:
        bench.writer.stop()


def test_poison_without_a_mark_is_kept_and_acknowledged(bench: Bench) -> None:
    bench.inbox.put(Message(1, 7, 1, data_topic("gw-1"), b"poison"))
    bench.inbox.put(Message(1, 8, 1, "headland/v2/data", b"?"))
    bench.writer.start()
    bench.wait_for_mids([7, 8])
    assert (bench.acks.acks, bench.store.tries) == ([], 0)
    assert {kept.reason for kept in bench.writer.quarantine.list()} == {"not_deflate", "unknown_topic"}


def test_a_defect_in_planning_costs_only_the_message_that_touches_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Columns.add

    def add_badly(self: Columns, block: object) -> None:
        if "co2_ppm" in block.c:  # type: ignore[attr-defined]  # it is a Block
            raise ZeroDivisionError("a defect")
        add(self, block)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Columns, "add", add_badly)
    mids = [bench.put(batch_of(1)), bench.put(batch_of(2, block_of({"co2_ppm": [400.0]}))), bench.put(batch_of(3))]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert count_points(bench.store) == 4
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(3)}
    assert bench.writer.quarantine.list()[0].reason == "store_refused"


def test_many_points_are_committed_in_several_transactions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.writer.MAX_FLUSH_POINTS", 4)
    mids = [bench.put(batch_of(seq)) for seq in range(1, 8)]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert bench.store.tries == 4
    assert count_points(bench.store) == 14
