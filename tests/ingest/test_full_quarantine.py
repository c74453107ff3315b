"""A quarantine that cannot be written, by a limit of file sizes: what needs it waits, everything else goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headland.contract.topics import data_topic
from headland.store.core.rollup import Retention
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState
from ingest.mqtt.inbox import InboundMessage
from tests.full_disk import no_file_may_grow
from tests.ingest.brittle_store import count_points
from tests.ingest.gateway import batch_of, block_of
from tests.ingest.test_positive_books import bench_on, poison, send, totals_of
from tests.ingest.test_refused_repeats import ShortStore, record
from tests.ingest.writer_bench import Bench

GARBAGE = b"a payload with flipped bits"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, ShortStore(), receive_maximum=32, batch_messages=10)
    made.writer.load()
    made.put(record(1, 1.0, gateway="gx", device="gx-1"))
    made.put(batch_of(1))
    made.settle()
    yield made
    made.writer.finish()


def turn_until_written(bench: Bench) -> None:
    """Let the writer look at the quarantine as often as it takes to find it writable."""
    for _ in range(12):
        bench.writer._next_replay_s = 0.0
        bench.writer.turn()
        if not (bench.writer.quarantine.error or bench.writer.waiting.is_due):
            return
    raise AssertionError(bench.writer.quarantine.error)


def test_what_cannot_be_quarantined_holds_up_no_other_message(bench: Bench) -> None:
    with no_file_may_grow():
        refused = bench.put(batch_of(2, gateway="gx"), GARBAGE)
        others = [bench.put(batch_of(seq)) for seq in range(2, 40)]
        bench.settle()
        assert set(others) <= set(bench.acks.mids)
        assert refused not in bench.acks.mids
        assert bench.store.marks()["gw-1", "e1"] == MarkState(39)
        assert bench.acks.acks[-1][1].seq == 39
        health = bench.service._health_of_storage()
        assert health is not None
        assert "messages of gx wait for it" in health.detail
    turn_until_written(bench)
    assert refused in bench.acks.mids
    assert [message.gateway for message in bench.writer.quarantine.list()] == ["gx"]
    assert bench.delivery("gx").totals.quarantined == 1
    assert bench.service._health_of_storage() is None


def test_a_flood_of_refused_records_remains_with_its_gateway(bench: Bench) -> None:
    with no_file_may_grow():
        flood = [bench.put(batch_of(seq, gateway="gx"), GARBAGE + bytes([seq])) for seq in range(2, 102)]
        others = [bench.put(batch_of(seq)) for seq in range(2, 12)]
        bench.settle()
        assert set(others) <= set(bench.acks.mids)
        assert len(set(flood) - set(bench.acks.mids)) == 2  # of 32 that the broker leaves unacknowledged
        assert bench.writer.counts["left_for_quarantine"] == 98
        assert not [ack for gateway, ack in bench.acks.acks if gateway == "gx" and ack.seq > 1]
    turn_until_written(bench)
    for seq in range(2, 102):
        bench.put(batch_of(seq, gateway="gx"), GARBAGE + bytes([seq]))  # its gateway sends all of it again
    bench.settle()
    assert bench.writer.quarantine.count() == 100
    assert bench.store.marks()["gx", "e1"] == MarkState(101)
    assert bench.delivery("gx").totals.quarantined == 100


def test_messages_without_numbers_beyond_the_bound_are_counted_as_lost(bench: Bench) -> None:
    with no_file_may_grow():
        for number in range(10):
            bench.inbox.put(InboundMessage(1, 500 + number, 1, data_topic("gx"), GARBAGE + bytes([number]), False, {}))
        bench.settle()
        assert bench.writer.counts["lost_for_quarantine"] == 8
    turn_until_written(bench)
    assert bench.writer.quarantine.count() == 2
    assert bench.delivery("gx").lost_messages == 8


def test_what_the_store_refuses_holds_up_no_other_gateway_either(bench: Bench) -> None:
    with no_file_may_grow():
        old = bench.put(record(2, 5.0, at_ms=-60_000, gateway="gx", device="gx-1"))
        after = bench.put(record(3, 5.0, gateway="gx", device="gx-1"))
        bench.settle()
        others = [bench.put(batch_of(seq)) for seq in range(2, 12)]
        later = bench.put(record(4, 5.0, gateway="gx", device="gx-1"))
        bench.settle()
        assert {*others, after, later} <= set(bench.acks.mids)
        assert old not in bench.acks.mids
        assert max(ack.seq for gateway, ack in bench.acks.acks if gateway == "gx") == 1
        assert bench.store.marks()["gx", "e1"] == MarkState(3)  # record 4 remains with its gateway
    turn_until_written(bench)
    assert max(ack.seq for gateway, ack in bench.acks.acks if gateway == "gx") == 3
    bench.put(record(4, 5.0, gateway="gx", device="gx-1"))
    bench.settle()
    assert old in bench.acks.mids
    assert max(ack.seq for gateway, ack in bench.acks.acks if gateway == "gx") == 4
    assert [(message.gateway, message.reason) for message in bench.writer.quarantine.list()] == [
        ("gx", "store_refused")
    ]


def test_a_new_device_and_a_contradiction_hold_up_nothing(bench: Bench) -> None:
    points = count_points(bench.store)
    with no_file_may_grow():
        new = bench.put(record(2, 5.0, gateway="gx", device="gx-2"))
        contradiction = bench.put(record(1, 6.0, gateway="gx", device="gx-1"))
        bench.settle()
        assert {new, contradiction} <= set(bench.acks.mids)
        assert count_points(bench.store) == points + 1
    turn_until_written(bench)
    bench.put(batch_of(2))
    bench.settle()
    assert bench.writer.quarantine.device_owners()["gx-2"] == "gx"
    assert bench.delivery("gx").conflicting == 1


def test_a_station_that_dies_while_the_quarantine_lacks_something_gets_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.quarantine.quarantine_file._WAIT_S", 0.05)
    with closing(DuckDBStore(tmp_path / "farm.duckdb")) as store:
        store.set_retention(Retention(raw_days=2, minute_days=2, hour_days=2))
        bench = bench_on(store, tmp_path)
        send(bench, 1, 3, days_ago=5)
        store.expire(bench.now_ms)  # its cut refuses what is older from now on
        with closing(sqlite3.connect(bench.settings.quarantine_path)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            send(bench, 4, 5, days_ago=5)
            poison(bench, 6)
            block = block_of({"air_temperature_degc": [1.0]}, bench.now_ms, device="theirs")
            bench.put(batch_of(1, block, gateway="gw-2"))
            bench.settle()
            assert store.marks()["gw-2", "e1"] == MarkState(1)
            assert max(ack.seq for gateway, ack in bench.acks.acks if gateway == "gw-1") == 3
        # It dies here; its gateway sends again what has no commit ack.
        bench = bench_on(store, tmp_path)
        send(bench, 4, 5, days_ago=5)
        poison(bench, 6)
        assert totals_of(bench) == {"accounted": 6, "expired": 3, "store_refused": 2, "quarantined": 1}
        assert bench.writer.quarantine.count() == 3
        assert max(ack.seq for gateway, ack in bench.acks.acks if gateway == "gw-1") == 6
        bench.writer.finish()


def start_again(bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a process that starts on the files of another one, and that waits for nothing at its start."""

    def wait(_wait_s: float) -> bool:
        raise AssertionError("the start waits")

    again = Bench(folder, bench.store, receive_maximum=32, batch_messages=10)
    monkeypatch.setattr(again.writer, "_wait", wait)
    assert again.writer.load()
    return again


def test_ingest_starts_without_a_quarantine_that_can_be_written_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Bench(tmp_path, ShortStore(), receive_maximum=32, batch_messages=10)
    first.writer.load()
    first.put(record(1, 1.0, gateway="gx", device="gx-1"))
    first.put(batch_of(2, gateway="gx"), GARBAGE)
    first.settle()
    first.writer.finish()
    with no_file_may_grow():
        bench = start_again(first, tmp_path, monkeypatch)
        health = bench.service._health_of_storage()
        assert health is not None
        assert "cannot be written" in health.detail
        # A device of another gateway is known as such: its owner is read from the file as it is.
        theirs = bench.put(record(1, 1.0, gateway="gz", device="gx-1"))
        refused = bench.put(batch_of(3, gateway="gx"), GARBAGE)
        others = [bench.put(batch_of(seq)) for seq in range(1, 12)]
        bench.settle()
        assert set(others) <= set(bench.acks.mids)
        assert not {theirs, refused} & set(bench.acks.mids)
        assert bench.acks.acks[-1][1].seq == 11
    turn_until_written(bench)
    assert {theirs, refused} <= set(bench.acks.mids)
    assert bench.delivery("gx").totals.quarantined == 2
    assert bench.delivery("gz").totals.quarantined == 1
    assert bench.service._health_of_storage() is None
    bench.writer.finish()


def test_the_spools_of_a_replaced_store_wait_until_their_loss_can_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Bench(tmp_path, ShortStore(), receive_maximum=32, batch_messages=10)
    first.writer.load()
    for gateway in ("gw-1", "gx"):
        for seq in range(1, 10):
            first.put(record(seq, 1.0, gateway=gateway, device=f"{gateway}-1"))
    first.settle()
    first.writer.finish()
    first.store = ShortStore()  # an empty one
    with no_file_may_grow():
        bench = start_again(first, tmp_path, monkeypatch)
        left = [bench.put(record(seq, 1.0, gateway="gx", device="gx-1")) for seq in range(10, 21)]
        others = [bench.put(batch_of(seq, gateway="gy")) for seq in range(1, 12)]
        bench.settle()
        assert {*others, *left} <= set(bench.acks.mids)
        assert {gateway for gateway, _ in bench.acks.acks} == {"gy"}, "gx keeps its records on its disk"
        assert bench.service._health_of_storage().detail.endswith("messages of gw-1 and 1 more gateway wait for it")  # type: ignore[union-attr]
    turn_until_written(bench)
    for seq in range(10, 21):
        bench.put(record(seq, 1.0, gateway="gx", device="gx-1"))  # its gateway sends them again
    bench.settle()
    assert [(each.first, each.last) for each in bench.delivery("gx").lost] == [(1, 9)]
    bench.writer.finish()
