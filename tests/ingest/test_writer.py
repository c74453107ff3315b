"""Order of commits and acknowledgements in the writer, without a broker: real inbox and store, recorded acks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headland.contract.codec import encode_record
from headland.contract.records import Ack, Batch, Clock, Descriptor, GatewayStatus
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import Topic, data_topic, meta_topic, status_topic
from headland.errors import RetryLater
from headland.store.port import Mark, MarkState, WriteBatch
from ingest.accounting.ledger import Disposition
from ingest.admission.columns import SampleColumns
from ingest.commit.batch_wait import BatchWait
from ingest.mqtt.inbox import InboundMessage
from ingest.quarantine.refused_messages import RefusedMessage
from ingest.quarantine.replays import replay_numbers, spool_marks
from tests.ingest.brittle_store import count_points, is_away
from tests.ingest.gateway import T0_MS, batch_of, block_of
from tests.ingest.writer_bench import Bench
from tests.waiting import wait_until


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.stop()


def test_copies_of_one_record_in_one_batch_are_stored_once_and_all_acknowledged(bench: Bench) -> None:
    mids = [bench.put(batch_of(1)), bench.put(batch_of(1)), bench.put(batch_of(2))]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert bench.writer.counts["duplicate"] == 1
    assert bench.writer.counts["points_duplicate"] == 0
    assert count_points(bench.store) == 4


def test_marks_of_a_former_run_are_known(bench: Bench) -> None:
    stored = SampleColumns("local")
    stored.add(batch_of(5).blocks[0])
    bench.store.write(WriteBatch(stored.points(T0_MS), marks=[Mark("gw-1", "e1", 1, 5)]))
    bench.put(batch_of(5))
    bench.put(batch_of(6))
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=6))])
    assert (bench.writer.counts["duplicate"], bench.writer.counts["other_content"]) == (1, 0)
    assert count_points(bench.store) == 4


def test_acks_tell_whether_anybody_follows_also_those_that_are_sent_again(bench: Bench) -> None:
    bench.writer.load()
    is_followed = True
    bench.writer.is_followed = lambda: is_followed
    bench.put(batch_of(1))
    bench.settle()
    is_followed = False
    bench.put(batch_of(2))
    bench.settle()
    is_followed = True
    bench.writer.resend_acks()
    bench.settle()
    assert [(ack.seq, ack.followed) for _, ack in bench.acks.acks] == [(1, True), (2, False), (2, True)]


def test_acks_of_a_commit_do_not_wait_with_the_batch_that_gathers_meanwhile(bench: Bench) -> None:
    stored, most = threading.Event(), bench.settings.batch_messages

    def check(_: WriteBatch) -> None:
        stored.wait(60)

    bench.store.check = check
    bench.writer._batch_wait = BatchWait(3600.0)
    *mids, _ = [bench.put(batch_of(number)) for number in range(1, most + 2)]
    bench.writer.start()
    wait_until(lambda: bench.store.tries == 1 and bench.inbox._began_s is not None)
    assert bench.acks.mids == []
    stored.set()
    bench.wait_for_mids(mids)
    assert len(bench.inbox) == 1


def test_a_new_store_counts_the_records_that_a_gateway_deleted_and_continues(bench: Bench) -> None:
    bench.put(batch_of(503))
    bench.put(batch_of(501), base=501)
    bench.put(batch_of(502))
    bench.writer.start()
    wait_until(lambda: bench.acks.acks and bench.acks.acks[-1] == ("gw-1", Ack(epoch="e1", seq=503)))
    assert bench.writer.counts["records_gone_unseen"] == 500
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(503)}


def test_a_base_that_is_already_accounted_for_changes_nothing(bench: Bench) -> None:
    bench.store.write(WriteBatch(SampleColumns("home").points(0), marks=[Mark("gw-1", "e1", 1, 5)]))
    bench.put(batch_of(6), base=6)
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=6))])
    assert bench.writer.counts["records_gone_unseen"] == 0


@pytest.mark.parametrize("base", [0, -1, 7, 2**63])
def test_an_invalid_base_is_ignored(bench: Bench, base: int) -> None:
    bench.put(batch_of(6), base=base)
    bench.writer.start()
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=0))])
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(0, ((6, 6),))}


def test_a_described_device_has_the_clock_of_its_newest_samples(bench: Bench) -> None:
    descriptor = Descriptor(device="gh-1", kind="greenhouse", site="home", name="House")
    meta = InboundMessage(1, 900, 1, meta_topic("gw-1", "gh-1"), encode_record(descriptor), False, {})
    bench.inbox.put(meta)
    bench.put(batch_of(1))
    bench.inbox.put(meta._replace(mid=901))
    bench.writer.start()
    wait_until(lambda: 901 in bench.acks.mids)
    assert [record.clock for record in bench.store.devices("local")] == [Clock.NTP]


def test_a_stop_never_lets_a_later_batch_overtake_one_that_is_not_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.writer.MAX_BATCH_POINTS", 1)

    def check(batch: WriteBatch) -> None:
        if any(mark.first == 1 for mark in batch.marks):
            raise RetryLater("away for the first batch only")

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


def test_a_commit_ack_that_could_not_be_published_is_published_later(bench: Bench) -> None:
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
        wait_until(lambda: bench.writer.counts["held_for_quarantine"] == 1)
        assert "cannot be written" in bench.writer.quarantine.error
        assert (bench.acks.mids, bench.store.tries) == ([], 0)
        (tmp_path / "quarantine.sqlite").rmdir()
        bench.wait_for_mids([1])
    finally:
        bench.writer.stop()


def test_poison_without_a_mark_is_quarantined_and_acknowledged(bench: Bench) -> None:
    bench.inbox.put(InboundMessage(1, 7, 1, data_topic("gw-1"), b"poison"))
    bench.inbox.put(InboundMessage(1, 8, 1, "headland/v2/data", b"?"))
    bench.writer.start()
    bench.wait_for_mids([7, 8])
    assert (bench.acks.acks, bench.store.tries) == ([], 0)
    assert {quarantined.reason for quarantined in bench.writer.quarantine.list()} == {"not_deflate", "unknown_topic"}


def test_an_exception_while_building_costs_only_the_message_that_raises_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = SampleColumns.add

    def add_badly(self: SampleColumns, block: object, origin: int = 0) -> None:
        if "co2_ppm" in block.c:  # type: ignore[attr-defined]  # it is a Block
            raise ZeroDivisionError("a defect")
        add(self, block, origin)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(SampleColumns, "add", add_badly)
    mids = [bench.put(batch_of(1)), bench.put(batch_of(2, block_of({"co2_ppm": [400.0]}))), bench.put(batch_of(3))]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert count_points(bench.store) == 4
    assert bench.store.marks() == {("gw-1", "e1"): MarkState(3)}
    assert bench.writer.quarantine.list()[0].reason == "store_refused"


def test_many_points_are_committed_in_several_transactions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.writer.MAX_BATCH_POINTS", 4)
    mids = [bench.put(batch_of(seq)) for seq in range(1, 8)]
    bench.writer.start()
    bench.wait_for_mids(mids)
    assert bench.store.tries == 4
    assert count_points(bench.store) == 14


def test_two_spools_of_one_gateway_both_get_acks_and_the_last_one_is_retained(bench: Bench) -> None:
    bench.acks.connected = False
    bench.put(batch_of(1, epoch="import"))
    bench.wait_for_start(batch_of(1), [1, 2])
    bench.acks.connected = True
    both = [("gw-1", Ack(epoch="import", seq=1)), ("gw-1", Ack(epoch="e1", seq=1))]
    wait_until(lambda: bench.acks.acks == both)
    bench.writer.resend_acks()
    wait_until(lambda: bench.acks.acks == both + both)


def test_a_gateway_that_reconnects_gets_the_commit_ack_that_it_missed(bench: Bench) -> None:
    bench.store.write(WriteBatch(SampleColumns("home").points(0), marks=[Mark("gw-1", "e1", 1, 5)]))
    bench.writer.start()
    bench.say(GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="e1", acked_seq=3))
    wait_until(lambda: bench.acks.acks == [("gw-1", Ack(epoch="e1", seq=5))])
    bench.say(GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="e1", acked_seq=5))
    bench.say(GatewayStatus(gw="gw-1", online=False, t=T0_MS, epoch="e1", acked_seq=3))
    bench.say(GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="other"))
    wait_until(lambda: bench.writer.counts["statuses"] == 4)
    assert len(bench.acks.acks) == 1


def test_a_replayed_message_is_stored_once_its_reason_is_gone_and_removed_after_the_commit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.writer._REPLAY_EVERY_S", 0.0)
    block = block_of({"air_temperature_degc": [20.0], "co2_ppm": [400.0]})

    def check(batch: WriteBatch) -> None:
        if any(key.channel == "co2_ppm" for key in batch.points.series):
            raise ValueError("a defect")

    bench.store.check = check
    bench.wait_for_start(batch_of(1, block), [1])
    quarantine = bench.writer.quarantine
    (quarantined,) = quarantine.list()
    assert (quarantined.gateway, quarantined.epoch, quarantined.seq) == ("gw-1", "e1", 1)
    quarantine.request_replay(quarantined.id, 0)
    wait_until(lambda: bench.writer.counts["replayed_in_vain"] == 1)
    wait_until(lambda: quarantine.list()[0].replays == 1)
    assert count_points(bench.store) == 0
    stored_at_removal: list[int] = []
    finish_replay = quarantine.finish_replay

    def finish_and_count(*args: Any, **kwargs: Any) -> None:
        stored_at_removal.append(count_points(bench.store))
        finish_replay(*args, **kwargs)

    monkeypatch.setattr(quarantine, "finish_replay", finish_and_count)
    bench.store.check = lambda _: None
    quarantine.request_replay(quarantined.id, 0)
    wait_until(lambda: not quarantine.list())
    assert (stored_at_removal, count_points(bench.store)) == ([2], 2)
    assert spool_marks(bench.store.marks()) == {("gw-1", "e1"): MarkState(1)}
    assert replay_numbers(bench.store.marks()) == {"gw-1": 2}
    assert quarantine.disposition_counts()["gw-1", "e1", Disposition.QUARANTINED].ranges == ()


def test_a_replay_of_what_is_stored_already_adds_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.writer._REPLAY_EVERY_S", 0.0)
    bench.wait_for_start(batch_of(1, block_of({"mood": [1.0], "air_temperature_degc": [20.0]})), [1])
    (quarantined,) = bench.writer.quarantine.list()
    bench.writer.quarantine.request_replay(quarantined.id, 0)
    wait_until(lambda: bench.writer.counts["replayed_in_vain"] == 1)
    assert count_points(bench.store) == 1
    assert bench.writer.counts["points_duplicate"] == 1


def test_a_replay_waits_for_a_store_that_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.writer._REPLAY_EVERY_S", 0.0)
    monkeypatch.setattr("ingest.admission.admit.decode_batch", lambda _: Refused(Reason.WRONG_VERSION, "not yet"))
    bench.wait_for_start(batch_of(1), [1])
    monkeypatch.undo()
    bench.store.check = is_away
    tries = bench.store.tries
    bench.writer.quarantine.request_replay(1, 0)
    wait_until(lambda: bench.store.tries > tries)
    assert bench.writer.quarantine.count() == 1
    bench.store.check = lambda _: None
    wait_until(lambda: bench.writer.quarantine.count() == 0)
    assert count_points(bench.store) == 2


def test_a_replay_does_not_bring_back_an_old_status_or_descriptor(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.writer._REPLAY_EVERY_S", 0.0)
    old = Descriptor(device="gh-1", kind="greenhouse", site="home", name="Old name")
    where, meta = Topic("status", "gw-1"), Topic("meta", "gw-1", "gh-1")
    why = (Refused(Reason.WRONG_VERSION, "not yet"),)
    status = encode_record(GatewayStatus(gw="gw-1", online=True, t=1))
    bench.writer.quarantine.add(
        [
            RefusedMessage(status_topic("gw-1"), status, why, {}, where),
            RefusedMessage(meta_topic("gw-1", "gh-1"), encode_record(old), why, {}, meta),
        ],
        1000,
    )
    bench.store.describe("local", "gw-1", msgspec.structs.replace(old, name="New name"))
    for quarantined in bench.writer.quarantine.list():
        bench.writer.quarantine.request_replay(quarantined.id, 0)
    bench.writer.start()
    wait_until(lambda: bench.writer.quarantine.count() == 0)
    assert bench.writer.gateway_stats.statuses() == {}
    assert [record.descriptor.name for record in bench.store.devices("local")] == ["New name"]


def test_a_message_is_counted_in_quarantine_once_however_often_the_store_is_tried(bench: Bench) -> None:
    bench.store.check = is_away
    bench.put(batch_of(1), b"poison")
    bench.writer.start()
    wait_until(lambda: bench.store.tries >= 3)
    bench.store.check = lambda _: None
    bench.wait_for_mids([1])
    assert [quarantined.count for quarantined in bench.writer.quarantine.list()] == [1]


def test_a_commit_is_reported_after_it_is_stored_and_before_it_is_acknowledged(bench: Bench) -> None:
    told: list[tuple[int, int, int]] = []
    bench.writer.on_commit = lambda batch, _result: told.append(
        (len(batch.points), count_points(bench.store), len(bench.acks.mids))
    )
    bench.wait_for_start(batch_of(1), [1])
    assert told == [(2, 2, 0)]
