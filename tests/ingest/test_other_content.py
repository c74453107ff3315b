"""Two contents under one number: both are stored, and the report says so. Two processes with one identity."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import encode_batch
from headland.contract.content_sums import content_sum
from headland.contract.delivery import EpochRange
from headland.contract.records import Batch, Clock, Event, GatewayStatus, Scalar
from headland.errors import RetryLater
from headland.store.port import SeriesFilter
from ingest.accounting.record_digests import EPOCHS, RECORDS, SAVED_RECORDS, RecordDigests
from ingest.service import describe_records
from tests.examples import examples
from tests.ingest.gateway import T0_MS, batch_of, block_of
from tests.ingest.writer_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.finish()


def record(seq: int, value: float, at_ms: int = 0) -> Batch:
    return batch_of(seq, block_of({"air_temperature_degc": [value]}, T0_MS + at_ms))


def stored_values(bench: Bench) -> list[float]:
    return [value for samples in bench.store.raw(SeriesFilter("local"), 0, 2**60) for value in samples.value.tolist()]


def test_the_twin_of_a_spool_loses_nothing_and_is_reported(bench: Bench) -> None:
    for seq in range(1, 136):
        bench.put(record(seq, float(seq), seq * 500))
    bench.settle()
    for seq in range(1, 811):
        bench.put(record(seq, 1000.0 + seq, 100_000 + seq * 500))
        if seq % 90 == 0:
            bench.settle()
    bench.settle()
    assert len(stored_values(bench)) == 135 + 810
    report = bench.delivery("gw-1")
    assert (report.other_content, report.duplicate, report.totals.stored) == (135, 135, 810)
    (event,) = bench.store.events("local", 0, 2**60)
    assert (event.kind, event.device, event.data) == ("record_differs", "gw-1", {"epoch": "e1", "seq": 1})
    assert bench.writer.gateway_stats.troubles(0.0)["gw-1"].other_content == 135


def test_what_a_gateway_sends_again_is_not_compared_with_the_store(bench: Bench) -> None:
    for _ in range(3):
        for seq in range(1, 6):
            bench.put(record(seq, float(seq), seq))
        bench.settle()
    assert (bench.writer.counts["duplicate"], bench.writer.counts["compared"]) == (10, 0)
    assert bench.delivery("gw-1").other_content == 0


def test_after_a_restart_the_store_proves_what_is_the_same(bench: Bench, tmp_path: Path) -> None:
    for seq in range(1, 6):
        bench.put(record(seq, float(seq), seq))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path, bench.store)
    later.writer.load()
    for seq in range(1, 5):
        later.put(record(seq, float(seq), seq))
    later.put(record(5, 99.0, 1_000))
    later.settle()
    assert (later.writer.counts["compared"], later.delivery("gw-1").other_content) == (5, 1)
    assert sorted(stored_values(later)) == [1.0, 2.0, 3.0, 4.0, 5.0, 99.0]
    later.writer.finish()
    assert Bench(tmp_path, later.store).delivery("gw-1").other_content == 1


def test_a_record_that_contradicts_itself_is_counted_and_in_the_conflicts(bench: Bench) -> None:
    bench.put(record(1, 20.0))
    bench.put(record(1, 25.0))
    bench.settle()
    report = bench.delivery("gw-1")
    assert (report.other_content, report.conflicting) == (1, 1)
    assert [conflict.value for conflict in bench.store.conflicts("local", 0, 2**60)] == [25.0]


def test_events_under_one_number_are_all_stored(bench: Bench) -> None:
    for word in ("a", "b", "b"):
        event = Event(t=T0_MS, device="gh-1", kind=word, device_kind="greenhouse", site="home", clock=Clock.NTP)
        bench.put(Batch(gw="gw-1", epoch="e1", seq=1, v=1, events=[event]))
    bench.settle()
    assert [event.kind for event in bench.store.events("local", 0, T0_MS + 1)] == ["a", "b"]
    assert bench.delivery("gw-1").other_content == 1


def test_a_thinned_record_is_not_another_content(bench: Bench) -> None:
    whole = batch_of(1, block_of({"air_temperature_degc": [1.0, 2.0, 3.0]}))
    thinned = msgspec.structs.replace(batch_of(1, block_of({"air_temperature_degc": [1.0]})), thinned=2)
    for batch in (whole, thinned, whole):
        bench.put(batch)
    bench.settle()
    assert (bench.delivery("gw-1").other_content, bench.writer.counts["points"]) == (0, 3)


def test_a_comparison_survives_a_store_that_fails_after_its_commit(bench: Bench) -> None:
    bench.put(record(1, 20.0))
    bench.settle()
    bench.writer.quarantine.close()
    calls = iter([OSError("no space")])
    add_counts = bench.writer.quarantine.add_counts

    def fail_once(counts: object) -> None:
        for error in calls:
            raise error
        add_counts(counts)  # type: ignore[arg-type]  # passed on as it came

    bench.writer.quarantine.add_counts = fail_once  # type: ignore[method-assign]
    bench.put(record(1, 25.0, 5))
    bench.settle()
    assert (bench.delivery("gw-1").other_content, bench.writer.counts["points"]) == (1, 2)


@pytest.mark.parametrize(
    ("after", "loss", "other_content"),
    [
        ([3.0, 4.0, 5.0], 0, 0),  # what the ack did not reach is sent again
        ([3.0, 44.0, 55.0], 2, 2),  # a folder of before was restored as well, and went on under the same numbers
        ([33.0], 3, 1),
    ],
)
def test_of_a_replaced_store_what_is_not_proven_to_be_stored_again_is_lost(
    bench: Bench, tmp_path: Path, after: list[float], loss: int, other_content: int
) -> None:
    earlier = Bench(tmp_path / "backup")
    for seq in (1, 2):
        bench.put(record(seq, float(seq), seq))
        earlier.put(record(seq, float(seq), seq))
    bench.settle()
    earlier.settle()
    earlier.writer.finish()
    for seq in (3, 4, 5):
        bench.put(record(seq, float(seq), seq))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path, earlier.store)
    later.writer.load()
    assert later.delivery("gw-1").lost == (EpochRange("e1", 3, 5),)
    for seq, value in enumerate(after, start=3):
        later.put(record(seq, value, seq if value < 10 else 100 + seq))
    later.settle()
    later.writer.finish()
    again = Bench(tmp_path, later.store)
    again.writer.load()
    report = again.delivery("gw-1")
    assert (report.loss, report.other_content) == (loss, other_content)
    assert report.lost == ((EpochRange("e1", 6 - loss, 5),) if loss else ())
    again.writer.finish()


def test_without_saved_digests_what_arrives_under_the_numbers_of_a_replaced_store_proves_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    bench.put(record(1, 1.0))
    bench.settle()
    bench.writer.finish()
    with closing(sqlite3.connect(tmp_path / "quarantine.sqlite")) as file, file:
        file.execute("DELETE FROM spool_digests")
    later = Bench(tmp_path)
    later.writer.load()
    later.put(record(1, 1.0))
    later.settle()
    report = later.delivery("gw-1")
    assert (report.loss, report.totals.stored, report.other_content) == (1, 1, 0)
    later.service.forget_marks("gw-1")
    assert later.delivery("gw-1").loss == 0
    later.writer.finish()


@given(st.lists(st.tuples(st.integers(1, 2**40), st.integers(0, 2**64 - 1)), max_size=300))
def test_saved_digests_are_those_of_the_newest_records(received: list[tuple[int, int]]) -> None:
    digests, later = RecordDigests(), RecordDigests()
    for seq, digest in received:
        digests.put(("gw-1", "e1"), seq, digest)
    later.load(("gw-1", "e1"), digests.dump(("gw-1", "e1")))
    for seq in sorted({seq for seq, _ in received}, reverse=True)[: SAVED_RECORDS // 2]:
        for _, digest in received[:5]:
            known = digests.is_same(("gw-1", "e1"), seq, digest)
            assert later.is_same(("gw-1", "e1"), seq, digest) in (known, None)
    later.load(("gw-1", "e2"), b"no digests at all")
    assert later.is_same(("gw-1", "e2"), 1, 1) is None


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3 * RECORDS), st.integers(0, 3)), max_size=80))
def test_digests_are_right_or_unknown(received: list[tuple[int, int, int]]) -> None:
    digests = RecordDigests()
    truth: dict[tuple[int, int], int] = {}
    for spool, seq, digest in received:
        epoch = ("gw-1", str(spool))
        assert digests.is_same(epoch, seq, digest) in (None, truth.get((spool, seq), -1) == digest)
        digests.put(epoch, seq, digest)
        truth[spool, seq] = digest
        assert digests.is_same(epoch, seq, digest) is True


def test_digests_are_bounded() -> None:
    digests = RecordDigests()
    for number in range(EPOCHS + 10):
        digests.put(("gw-1", str(number)), 1, 7)
    assert digests.is_same(("gw-1", "9"), 1, 7) is None
    assert digests.is_same(("gw-1", "10"), 1, 7) is True


def say(bench: Bench, instance: str, t: int, *, online: bool = True, epoch: str = "e1") -> None:
    bench.say(GatewayStatus(gw="gw-1", online=online, t=T0_MS + t, epoch=epoch, instance=instance))
    bench.settle()


def is_twin(bench: Bench, later_s: float = 0.0) -> bool:
    trouble = bench.writer.gateway_stats.troubles(bench.writer._monotonic_s() + later_s).get("gw-1")
    return trouble is not None and trouble.is_twin


def test_two_machines_under_one_name_are_noticed_and_forgotten_after_a_while(bench: Bench) -> None:
    for t in range(6):
        say(bench, "ab"[t % 2], t)
    assert is_twin(bench)
    assert bench.delivery("gw-1").alternations == 4
    assert not is_twin(bench, 700.0)


def test_machines_without_an_instance_are_known_by_their_spools(bench: Bench) -> None:
    for t in range(6):
        say(bench, "", t, epoch="ab"[t % 2])
    assert is_twin(bench)


def test_restarts_wills_and_messages_that_come_again_are_no_second_machine(bench: Bench) -> None:
    for t in range(20):
        say(bench, f"process-{t}", 10 * t)
        say(bench, f"process-{t - 1}", 10 * t + 1, online=False)
        say(bench, f"process-{t - 1}", 10 * (t - 1))
        say(bench, f"process-{t}", 10 * t)
    assert not is_twin(bench)


def shortened(data: dict[str, Scalar], ahead_ms: int = 0) -> Batch:
    """Return a record with the report of a spool that it lost records; it is true whatever the gateway's clock was."""
    event = Event(
        t=T0_MS + ahead_ms,
        device="gw-1",
        kind="spool_shortened",
        device_kind="gateway",
        site="s",
        clock=Clock.NTP,
        data=data,
    )
    return Batch(gw="gw-1", epoch="e2", seq=1, v=1, events=[event])


@pytest.mark.parametrize("ahead_ms", [0, 86_400_000])
def test_records_that_a_spool_no_longer_has_are_lost_with_their_range(bench: Bench, ahead_ms: int) -> None:
    for seq in range(1, 5):
        bench.put(record(seq, float(seq), seq))
    data: dict[str, Scalar] = {"epoch": "e1", "first_seq": 3, "last_seq": 60, "records": 58, "why": "log"}
    bench.put(shortened(data, ahead_ms))
    bench.settle()
    report = bench.delivery("gw-1")
    assert (report.loss, report.lost) == (56, (EpochRange("e1", 5, 60),))


def test_what_a_gateway_reported_of_its_spool_outlives_the_store_and_other_data_under_its_numbers(
    bench: Bench, tmp_path: Path
) -> None:
    bench.put(record(1, 1.0, 1))
    data: dict[str, Scalar] = {"epoch": "e1", "first_seq": 2, "last_seq": 3, "records": 2, "why": "the log was torn"}
    bench.put(shortened(data))
    for seq in (2, 3):  # of a copy of the card, which went on under the same numbers
        bench.put(record(seq, 100.0 + seq, seq))
    bench.settle()
    bench.writer.finish()
    without_the_event = Bench(tmp_path / "backup").store
    later = Bench(tmp_path, without_the_event)
    later.writer.load()
    for at_store in (bench, later):
        (told,) = at_store.delivery("gw-1").spool_reports
        assert (told.time_ms, told.kind, told.data) == (T0_MS, "spool_shortened", data)
    later.writer.finish()


@pytest.mark.parametrize("data", [{"first_seq": 0, "last_seq": 5}, {"first_seq": 9, "last_seq": 5}, {"first_seq": "1"}])
def test_a_senseless_report_of_a_shortened_spool_counts_nothing(bench: Bench, data: dict[str, Scalar]) -> None:
    bench.put(shortened({"epoch": "e1", **data}))
    bench.settle()
    assert bench.delivery("gw-1").loss == 0


def test_the_delivery_names_twins_losses_and_conflicts(bench: Bench) -> None:
    bench.put(record(1, 20.0))
    bench.put(record(1, 25.0))
    bench.put(batch_of(1, block_of({"air_temperature_degc": [1.0]}), gateway="gw-2"))
    bench.put(batch_of(9, block_of({"air_temperature_degc": [1.0]}, device="mine"), gateway="gw-3"), base=9)
    bench.settle()
    assert "two machines use the identity of gw-1: stop one" in bench.service.describe_delivery()
    assert dict(bench.service.losses()) == {"gw-3": 8}
    trouble = bench.service.troubles()
    assert (trouble["gw-1"].other_content, trouble["gw-1"].conflicting, trouble["gw-2"].foreign) == (1, 1, 1)


def test_a_loss_and_a_refusal_are_named_and_stop_nothing(bench: Bench, tmp_path: Path) -> None:
    assert Bench(tmp_path).service.describe_delivery() == "each record of each gateway is accounted for"
    bench.put(record(1, 20.0))
    bench.put(batch_of(1, block_of({"air_temperature_degc": [1.0]}), gateway="gw-2"))
    bench.put(batch_of(9, block_of({"air_temperature_degc": [1.0]}, device="mine"), gateway="gw-3"), base=9)
    bench.settle()
    assert bench.service.describe_delivery() == (
        "8 records of gateway gw-3 are lost; messages about devices of other gateways from gw-2: 1 in the last hour"
    )


def test_a_loss_of_several_gateways_tells_records_from_gateways() -> None:
    assert describe_records({"ga": 1}, "are lost") == "1 record of gateway ga is lost"
    assert describe_records({"ga": 518, "gb": 3}, "are lost") == (
        "518 records of gateway ga, and 3 records of 1 more gateway, are lost"
    )
    assert describe_records({"gb": 3, "ga": 1, "gc": 1}, "are lost") == (
        "1 record of gateway ga, and 4 records of 2 more gateways, are lost"
    )


def test_without_a_registry_ingest_itself_knows_what_an_earlier_store_had(bench: Bench, tmp_path: Path) -> None:
    for seq in range(1, 8):
        bench.put(record(seq, float(seq), seq))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path)
    later.writer.load()
    assert later.service.names() == ["gw-1"]
    assert (later.delivery("gw-1").loss, later.delivery("gw-1").lost) == (7, (EpochRange("e1", 1, 7),))
    later.service.forget_marks("gw-1")
    assert later.service.names() == []
    later.writer.finish()
    again = Bench(tmp_path)
    again.writer.load()
    assert again.service.names() == []
    again.writer.finish()


def test_a_gateway_that_the_ledger_alone_knows_is_named(bench: Bench, tmp_path: Path) -> None:
    bench.put(batch_of(1, block_of({"air_temperature_degc": [1.0]}, device="mine"), gateway="gw-3"))
    bench.put(batch_of(1, block_of({"air_temperature_degc": [1.0]}, device="mine"), gateway="gw-2"))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path)
    later.writer.load()
    for gateway in ("gw-2", "gw-3"):
        later.service.forget_marks(gateway)
    assert later.service.names() == ["gw-2"], "its refused record waits in quarantine"
    later.writer.finish()


def test_marks_that_cannot_be_saved_now_are_saved_later_and_acks_do_not_wait(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:

        def is_away(*_: object) -> None:
            raise RetryLater("the disk is away")

        away.setattr(bench.writer.quarantine, "save_marks", is_away)
        bench.put(record(1, 1.0))
        bench.settle()
        bench.writer._next_save_s = 0.0
        bench.writer.replay_soon()
        bench.settle()
        assert bench.acks.acks[-1][1].seq == 1
    bench.writer.finish()
    later = Bench(tmp_path).writer
    assert later.quarantine.marks() == {("gw-1", "e1"): 1}
    later.finish()


def test_an_accepted_loss_stays_in_the_report_and_is_no_alarm_until_there_is_more(bench: Bench, tmp_path: Path) -> None:
    bench.put(batch_of(9), base=9)
    bench.settle()
    assert (bench.service.accept_loss("gw-1"), bench.service.accept_loss("nobody")) == (8, None)
    assert dict(bench.service.losses()) == {}
    assert (bench.delivery("gw-1").loss, bench.delivery("gw-1").loss_accepted) == (8, 8)
    bench.put(batch_of(20, block_of({"air_temperature_degc": [1.0]}, T0_MS + 99)), base=20)
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path, bench.store)
    later.writer.load()
    assert (later.delivery("gw-1").loss, dict(later.service.losses())) == (18, {"gw-1": 10})
    later.writer.finish()


def sums_of(bench: Bench) -> dict[int, int]:
    return bench.acks.sums[-1]


def test_a_commit_ack_shows_the_contents_of_the_records_that_are_new_with_it(bench: Bench) -> None:
    for seq in range(1, 101):
        bench.put(record(seq, float(seq), seq))
    bench.settle()
    assert sums_of(bench) == {seq: content_sum(encode_batch(record(seq, float(seq), seq))) for seq in range(1, 101)}
    bench.put(record(101, 101.0, 101))
    bench.settle()
    assert sorted(sums_of(bench)) == list(range(94, 102)), "and of a few before, whose ack may be lost"


def test_of_two_contents_an_ack_shows_the_one_that_was_committed_last(bench: Bench) -> None:
    bench.put(record(1, 1.0))
    bench.put(record(1, 2.0, 500))
    bench.settle()
    assert sums_of(bench) == {1: content_sum(encode_batch(record(1, 2.0, 500)))}


def test_an_ack_shows_nothing_of_a_range_or_of_what_cannot_be_read(bench: Bench) -> None:
    bench.put(msgspec.structs.replace(record(3, 1.0), first=1))
    bench.put(record(4, 4.0), payload=b"not a batch")
    bench.put(record(5, 5.0, 5))
    bench.settle()
    assert list(sums_of(bench)) == [5]
