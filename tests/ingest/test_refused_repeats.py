"""Repeats of a number that are refused or reduced: what nobody had before is kept, as of new records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from headland.contract.records import SPOOL_DROPPED, Batch, Clock, Event, Scalar
from headland.store.port import Rejection, SeriesFilter, WriteBatch, WriteResult
from tests.ingest.brittle_store import BrittleStore
from tests.ingest.gateway import T0_MS, batch_of, block_of
from tests.ingest.writer_bench import Bench


class ShortStore(BrittleStore):
    """A store that rejects each sample before `T0_MS`."""

    def write(self, batch: WriteBatch) -> WriteResult:
        points = batch.points
        is_old = points.time_ms < T0_MS
        result = super().write(replace(batch, points=points.choose(~is_old)))
        old = points.choose(is_old)
        rejections = tuple(
            Rejection(old.series[series], int(time_ms), 0.0, 0, "it is too old")
            for series, time_ms in zip(old.index, old.time_ms, strict=True)
        )
        return replace(result, rejected=len(rejections), rejections=rejections)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a bench of an ingest that was started again after it had stored records 1 to 6 of a spool."""
    first = Bench(tmp_path, ShortStore())
    for seq in range(1, 7):
        first.put(record(seq, float(seq)))
    first.settle()
    first.writer.finish()
    made = Bench(tmp_path, first.store, max_bytes_per_day=1024 * 1024)
    made.writer.load()
    yield made
    made.writer.finish()


def record(seq: int, value: float, at_ms: int = 0, device: str = "gh-1", gateway: str = "gw-1") -> Batch:
    block = block_of({"air_temperature_degc": [value]}, T0_MS + seq * 1000 + at_ms, device=device)
    return batch_of(seq, block, gateway=gateway)


def stored_values(bench: Bench) -> list[float]:
    found = bench.store.raw(SeriesFilter("local"), 0, 2**60)
    return sorted(value for samples in found for value in samples.value.tolist())


def in_quarantine(bench: Bench) -> list[tuple[str, int | None, int]]:
    return [(message.reason, message.seq, message.count) for message in bench.writer.quarantine.list()]


def test_what_is_about_a_device_of_another_gateway_is_in_quarantine_once(bench: Bench) -> None:
    bench.put(record(1, 50.0, device="theirs", gateway="gw-2"))
    bench.settle()
    for _ in range(2):
        bench.put(record(2, 99.0, 5, device="theirs"))
        bench.settle()
    assert in_quarantine(bench) == [("wrong_identity", 2, 1)]
    assert [refused.device for refused in bench.delivery("gw-1").refused_devices] == ["theirs"]
    assert stored_values(bench) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 50.0]


def test_what_cannot_be_read_is_in_quarantine(bench: Bench) -> None:
    bench.put(record(3, 0.0), payload=b"a payload with flipped bits")
    bench.settle()
    assert in_quarantine(bench) == [("not_deflate", 3, 1)]


def test_of_what_is_refused_in_part_the_rest_is_stored(bench: Bench) -> None:
    values: dict[str, list[float | None]] = {"air_temperature_degc": [99.0], "of_no_known_unit": [1.0]}
    bench.put(batch_of(4, block_of(values, T0_MS + 4005)))
    bench.settle()
    assert in_quarantine(bench) == [("unknown_channel", 4, 1)]
    assert stored_values(bench) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0]


def test_what_the_store_rejects_is_in_quarantine(bench: Bench) -> None:
    bench.put(record(5, 99.0, -100_000))
    bench.settle()
    assert in_quarantine(bench) == [("store_refused", 5, 1)]


def test_what_another_spool_has_thinned_is_stored_and_reported(bench: Bench) -> None:
    range_ = msgspec.structs.replace(record(6, 99.0, 5), first=4, thinned=2)
    bench.put(range_)
    bench.settle()
    assert stored_values(bench) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0]
    assert bench.delivery("gw-1").other_content == 1


def test_a_report_of_dropped_records_is_stored_once(bench: Bench) -> None:
    data: dict[str, Scalar] = {"first_seq": 1, "last_seq": 3, "records": 3}
    told = Event(
        t=T0_MS, device="gw-1", kind=SPOOL_DROPPED, device_kind="gateway", site="home", clock=Clock.NTP, data=data
    )
    for _ in range(2):
        bench.put(Batch(gw="gw-1", epoch="e1", seq=3, first=1, v=1, events=[told]))
        bench.settle()
    assert [event.kind for event in bench.store.events("local", 0, 2**60)] == [SPOOL_DROPPED]
    assert (bench.delivery("gw-1").totals.stored, bench.delivery("gw-1").other_content) == (6, 0)


def test_a_content_whose_transaction_fails_is_not_known_as_stored(bench: Bench) -> None:
    def fail(batch: WriteBatch) -> None:
        if len(batch.points) > 1:
            raise ValueError("the engine has a defect")

    bench.store.check = fail
    for seq in (1, 2):
        bench.put(record(seq, 90.0 + seq, 5))
    bench.settle()
    assert stored_values(bench) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 91.0, 92.0]
    assert bench.delivery("gw-1").other_content == 2


def test_the_quota_of_a_day_holds_for_contents_under_one_number(bench: Bench) -> None:
    for number in range(40):
        noise: list[float | None] = [float(number * 1_000_003 * row % 104_729) for row in range(10_000)]
        bench.put(batch_of(1, block_of({"light_lx": noise}, T0_MS + (number + 1) * 10**7)))
    bench.settle()
    reasons = [message.reason for message in bench.writer.quarantine.list()]
    assert set(reasons) == {"over_quota"}
    assert 10 < len(reasons) < 40
