"""Delivery states what a reader of the store counts: whatever is refused, deleted, or missing in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.clock import wall_clock_ms
from headland.contract.delivery import Delivery, RecordTotals
from headland.contract.gateway_state import UnstoredRecords
from headland.contract.records import EndedEpoch, GatewayStatus, ShortenedRange
from headland.contract.topics import data_topic
from headland.store.core.rollup import Retention
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, SeriesFilter, WriteBatch
from headland.units_of_time import DAY_MS
from ingest.admission.columns import SampleColumns
from ingest.mqtt.inbox import InboundMessage
from station.server.ingest_access.local_ingest import LocalIngest
from tests.ingest.gateway import batch_of, block_of, properties_of
from tests.ingest.writer_bench import Bench
from tests.store.earlier_schema import write_as_schema

TODAY_MS = wall_clock_ms() // DAY_MS * DAY_MS
LOCAL = SeriesFilter("local")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    made = DuckDBStore(tmp_path / "farm.duckdb")
    yield made
    made.close()


def bench_on(store: DuckDBStore, folder: Path) -> Bench:
    bench = Bench(folder)
    bench.store = bench.writer._store = bench.service._store = store  # type: ignore[assignment]
    bench.now_ms = TODAY_MS + DAY_MS // 2
    bench.writer.load()
    return bench


def send(bench: Bench, first: int, last: int, *, days_ago: int = 0) -> None:
    """Send records with one sample each, which has the record's number."""
    for number in range(first, last + 1):
        block = block_of({"air_temperature_degc": [number / 100]}, TODAY_MS - days_ago * DAY_MS + number * 1000)
        bench.put(batch_of(number, block))
    bench.settle()


def poison(bench: Bench, number: int) -> None:
    message = InboundMessage(1, 9000 + number, 1, data_topic("gw-1"), b"poison", False, properties_of("e1", number))
    bench.inbox.put(message)
    bench.settle()


def count_samples(store: DuckDBStore) -> int:
    """Return what a reader of the store counts: each record has one sample."""
    return sum(len(samples.time_ms) for samples in store.raw(LOCAL, -(2**62), 2**62))


def totals_of(bench: Bench) -> dict[str, int]:
    report: Delivery = bench.delivery("gw-1")
    totals: RecordTotals = report.totals
    counted = {name: getattr(totals, name) for name in RecordTotals.__struct_fields__ if getattr(totals, name)}
    states = sum(
        counted.get(name, 0) for name in RecordTotals.__struct_fields__ if name not in ("accounted", "missing")
    )
    assert states == totals.accounted
    return counted


def test_what_the_store_refuses_is_in_quarantine_and_not_stored(store: DuckDBStore, tmp_path: Path) -> None:
    store.set_retention(Retention(raw_days=2, minute_days=2, hour_days=2))
    bench = bench_on(store, tmp_path)
    send(bench, 1, 20, days_ago=5)
    # The cut is after the first ones: they are deleted, and the next are refused.
    store.expire(bench.now_ms)
    send(bench, 21, 50, days_ago=5)
    send(bench, 51, 70)
    assert count_samples(store) == 20
    assert totals_of(bench) == {"accounted": 70, "stored": 20, "expired": 20, "store_refused": 30}
    assert bench.delivery("gw-1").loss == 0
    said = "30 records of gateway gw-1 were refused by the store and wait in quarantine"
    assert bench.service.describe_delivery() == said
    refused = bench.writer.quarantine.list(1)[0]
    assert bench.writer.quarantine.drop(refused.id)
    assert totals_of(bench) == {"accounted": 70, "stored": 20, "expired": 20, "store_refused": 29, "lost": 1}
    bench.writer.finish()


def test_the_list_of_gateways_says_what_is_not_in_the_store_and_why(store: DuckDBStore, tmp_path: Path) -> None:
    store.set_retention(Retention(raw_days=2, minute_days=2, hour_days=2))
    bench = bench_on(store, tmp_path)
    send(bench, 1, 20, days_ago=5)
    store.expire(bench.now_ms)
    send(bench, 21, 50, days_ago=5)
    poison(bench, 51)
    refused = bench.writer.quarantine.list(40)[-1]
    assert bench.writer.quarantine.drop(refused.id)
    (gateway,) = LocalIngest(bench.service).gateways()
    assert gateway.unstored == UnstoredRecords(lost=1, quarantined=30, expired=20)
    assert gateway.loss == 1
    bench.service.accept_loss("gw-1")
    (gateway,) = LocalIngest(bench.service).gateways()
    assert (gateway.loss, gateway.unstored.lost) == (0, 1)
    bench.writer.finish()


def test_a_refused_record_is_stored_once_the_store_takes_it(store: DuckDBStore, tmp_path: Path) -> None:
    bench = bench_on(store, tmp_path)
    send(bench, 1, 3)
    poison(bench, 4)
    assert totals_of(bench) == {"accounted": 4, "stored": 3, "quarantined": 1}
    bench.put(batch_of(4, block_of({"air_temperature_degc": [0.04]}, TODAY_MS + 4000)))
    bench.settle()
    assert totals_of(bench) == {"accounted": 4, "stored": 4}
    assert count_samples(store) == 4
    bench.writer.finish()


@pytest.mark.parametrize("how", ["deleted", "cut", "noise", "older"])
def test_a_record_whose_ledger_is_lost_is_not_known_and_never_stored(
    how: str, store: DuckDBStore, tmp_path: Path
) -> None:
    bench = bench_on(store, tmp_path)
    path = bench.settings.quarantine_path
    send(bench, 1, 4)
    poison(bench, 5)
    bench.writer.finish()
    older = path.read_bytes()
    bench = bench_on(store, tmp_path)
    for number in range(6, 12):
        poison(bench, number)
    assert totals_of(bench) == {"accounted": 11, "stored": 4, "quarantined": 7}
    bench.writer.finish()
    match how:
        case "deleted":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "noise":
            path.write_bytes(path.read_bytes()[:100] + bytes(255 - at % 251 for at in range(8192)))
        case "older":
            path.write_bytes(older)
    bench = bench_on(store, tmp_path)
    kept = 1 if how == "older" else 0
    found = totals_of(bench)
    assert found.get("stored") == count_samples(store) == 4
    assert found.get("quarantined", 0) == kept
    assert found.get("not_known", 0) == 7 - kept
    assert [(each.first, each.last) for each in bench.delivery("gw-1").not_known] == [(5 + kept, 11)]
    said = f"{7 - kept} records of gateway gw-1 are not stored, and no book says where they are"
    assert bench.service.describe_delivery() == said
    bench.writer.finish()


def test_an_older_store_says_what_it_has_not_counted(tmp_path: Path) -> None:
    newest, path = tmp_path / "newest.duckdb", tmp_path / "farm.duckdb"
    store = DuckDBStore(newest)
    bench = bench_on(store, tmp_path)
    send(bench, 1, 5)
    poison(bench, 6)
    send(bench, 8, 9)
    bench.writer.finish()
    store.close()
    write_as_schema(5, newest, path)
    store = DuckDBStore(path)
    bench = bench_on(store, tmp_path)
    assert totals_of(bench) == {"accounted": 8, "uncounted": 7, "quarantined": 1, "missing": 1}
    send(bench, 10, 12)
    assert totals_of(bench) == {"accounted": 11, "stored": 3, "uncounted": 7, "quarantined": 1, "missing": 1}
    bench.writer.finish()
    store.close()
    again = DuckDBStore(path)
    assert totals_of(bench_on(again, tmp_path))["uncounted"] == 7
    again.close()


def test_a_mark_without_an_entry_is_not_known(store: DuckDBStore, tmp_path: Path) -> None:
    bench = bench_on(store, tmp_path)
    store.write(WriteBatch(SampleColumns("local").points(0), marks=[Mark("gw-1", "e1", 1, 3)]))
    bench.writer.load()
    assert totals_of(bench) == {"accounted": 3, "not_known": 3}
    bench.writer.finish()


def test_a_restored_station_names_what_is_gone_of_an_ended_epoch(store: DuckDBStore, tmp_path: Path) -> None:
    """The folder is as it was at record 20; the epoch went on to 485 and ended, and a new one began."""
    bench = bench_on(store, tmp_path)
    send(bench, 1, 20)
    status = GatewayStatus(
        gw="gw-1",
        online=True,
        t=TODAY_MS,
        epoch="e2",
        acked_seq=2,
        ended=(EndedEpoch(epoch="e0", acked_seq=9), EndedEpoch(epoch="e1", acked_seq=485)),
    )
    bench.say(status)
    bench.settle()
    report = bench.delivery("gw-1")
    assert report.loss == 9 + 465 + 2
    lost = [("e0", 1, 9), ("e1", 21, 485), ("e2", 1, 2)]
    assert [(each.epoch, each.first, each.last) for each in report.lost] == lost
    bench.writer.finish()
    # It is known without the gateway from now on: it may be retired, or tell later epochs alone.
    again = bench_on(store, tmp_path)
    report = again.delivery("gw-1")
    assert [(each.epoch, each.first, each.last) for each in report.lost] == lost
    again.writer.finish()


def test_a_station_that_lost_the_report_names_what_a_status_says_is_missing(store: DuckDBStore, tmp_path: Path) -> None:
    """The event that reported it was in a store and in a file of ingest that are both lost."""
    bench = bench_on(store, tmp_path)
    send(bench, 1, 20)
    missing = (
        ShortenedRange(epoch="e0", first_seq=7, last_seq=9),
        ShortenedRange(epoch="e1", first_seq=20, last_seq=22),
    )
    bench.say(GatewayStatus(gw="gw-1", online=True, t=TODAY_MS, epoch="e1", acked_seq=20, shortened=missing))
    bench.settle()
    lost = [("e0", 7, 9), ("e1", 21, 22)]  # something came under the number 20
    report = bench.delivery("gw-1")
    assert [(each.epoch, each.first, each.last) for each in report.lost] == lost
    assert report.loss == 5
    bench.writer.finish()
    again = bench_on(store, tmp_path)
    report = again.delivery("gw-1")
    assert [(each.epoch, each.first, each.last) for each in report.lost] == lost
    again.writer.finish()
