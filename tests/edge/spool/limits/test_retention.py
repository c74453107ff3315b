"""A full spool: telemetry is thinned before it is dropped, both are reported, and events remain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.pipeline.batcher import Content
from edge.spool.limits.thinning import count_points, thin_blocks
from edge.spool.queue import Spool
from edge.spool.schema import ROW_BYTES
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.contract.codec import MAX_PAYLOAD_BYTES
from headland.contract.records import Batch, Block, Clock
from tests.edge.contents import START_MS, alarm, batch_of, content
from tests.examples import examples

OWNER = SpoolOwner("gw-1", "home")
DAY_S = 86_400.0


class _Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


Open = Callable[..., Spool]


@pytest.fixture
def open_spool(tmp_path: Path, clock: _Clock) -> Iterator[Open]:
    opened: list[Spool] = []

    def open_one(max_bytes: int = 10_000_000, retention: SpoolRetention = SpoolRetention()) -> Spool:  # noqa: B008 - frozen
        opened.append(Spool(tmp_path / "spool.sqlite", OWNER, max_bytes, retention=retention, clock_s=clock))
        return opened[-1]

    yield open_one
    for spool in opened:
        spool.close()


def batches_in(spool: Spool) -> list[Batch]:
    return [batch_of(record) for record in spool.oldest(0, 100_000)]


def rows_in(batches: list[Batch]) -> list[tuple[int, float | None]]:
    return [
        (block.t0 + offset_ms, value)
        for batch in batches
        for block in batch.blocks
        for offset_ms, value in zip(block.dt, block.c["co2_ppm"], strict=True)
    ]


def block(device: str, times: list[int], flags: list[int] | None = None) -> Block:
    return Block(
        device=device,
        kind="greenhouse",
        site="home",
        clock=Clock.RTC,
        t0=START_MS + times[0],
        dt=[time - times[0] for time in times],
        c={"co2_ppm": [float(time) for time in times]},
        q={} if flags is None else {"co2_ppm": flags},
    )


def test_a_full_spool_thins_the_oldest_telemetry_and_drops_nothing(open_spool: Open) -> None:
    spool = open_spool(60_000)
    for number in range(1, 201):
        assert spool.append([content(number, rows=50)])
        assert spool.status().bytes <= 60_000
    batches = batches_in(spool)
    thinned, *rest = batches
    assert (thinned.first, thinned.seq) == (1, 10)
    assert thinned.thinned == 450
    assert thinned.events == []
    # 10 records of 50 rows: the first row of them and every tenth after it, as they were.
    assert rows_in([thinned]) == [
        (START_MS + 1000 * number + row, float(number)) for number in range(1, 11) for row in range(0, 50, 10)
    ]
    assert batch_of(spool.oldest(rest[-1].seq - 1, 1)[0]).thinned == 0
    status = spool.status()
    assert status.dropped_records == 0
    assert status.thinned_points == sum(batch.thinned for batch in batches)
    assert status.thinned_points + len(rows_in(batches)) == 200 * 50
    spool.close()
    assert open_spool(60_000).status() == status


def test_thinned_telemetry_that_is_still_too_much_is_dropped_and_reported(open_spool: Open) -> None:
    spool = open_spool(20_000)
    for number in range(1, 1001):
        assert spool.append([content(number, rows=50)])
        assert spool.status().bytes <= 20_000
    gap, *rest = batches_in(spool)
    (event,) = gap.events
    status = spool.status()
    assert (event.kind, event.data["first_seq"], event.data["records"]) == ("spool_dropped", 1, gap.seq)
    assert (status.dropped_records, status.dropped_points) == (gap.seq, event.data["points"])
    assert status.dropped_points + status.thinned_points + len(rows_in(rest)) == 1000 * 50


def test_events_remain_when_the_telemetry_beside_them_is_thinned(open_spool: Open) -> None:
    spool = open_spool(40_000)
    for number in range(1, 201):
        assert spool.append([content(number, rows=50, events=int(number % 20 == 0))])
    batches = batches_in(spool)
    alarms = [event for batch in batches for event in batch.events if event.kind == "alarm"]
    assert [event.data["number"] for event in alarms] == list(range(20, 201, 20))
    with_event = next(batch for batch in batches if batch.seq == 20)
    assert (with_event.first, with_event.thinned, len(rows_in([with_event]))) == (None, 45, 5)


def test_an_unreadable_record_is_not_changed_and_its_neighbours_are_thinned(open_spool: Open, tmp_path: Path) -> None:
    spool = open_spool(60_000)
    assert spool.append([content(number, rows=50) for number in range(1, 31)])
    spool.close()
    connection = sqlite3.connect(tmp_path / "spool.sqlite")
    with connection:
        connection.execute("UPDATE records SET payload = zeroblob(bytes) WHERE seq = 5")
    connection.close()
    again = open_spool(60_000)
    for number in range(31, 120):
        assert again.append([content(number, rows=50)])
    assert [(record.first, record.seq) for record in again.oldest(0, 5)] == [(1, 2), (3, 3), (4, 4), (5, 5), (6, 10)]


def test_thinned_records_that_would_not_fit_one_message_become_several(open_spool: Open, clock: _Clock) -> None:
    spool = open_spool(retention=SpoolRetention(max_age_s=10))
    blocks = [[block(f"house-{record}-{house}", [house * 977]) for house in range(1500)] for record in range(10)]
    assert spool.append([Content(each, [], 1500) for each in blocks])
    spool.tidy()
    clock.now_s += 15
    spool.tidy()
    records = spool.oldest(0, 100)
    assert 1 < len(records) < 10
    assert all(len(record.payload) <= MAX_PAYLOAD_BYTES for record in records)
    assert sum(count_points(batch.blocks) for batch in batches_in(spool)) == 15_000, "each device said one row only"


def test_age_thins_and_at_twice_the_age_drops_but_no_event(open_spool: Open, clock: _Clock) -> None:
    spool = open_spool(retention=SpoolRetention(max_age_s=DAY_S))
    assert spool.append([content(number, rows=50, events=int(number == 15)) for number in range(1, 21)])
    spool.tidy()
    for _ in range(89):
        clock.now_s += DAY_S / 90
        spool.tidy()
    assert spool.status().thinned_points == 0, "they are a little less than a day old"
    assert spool.append([content(21, rows=50)])
    clock.now_s += DAY_S / 90
    spool.tidy()
    assert [(record.first, record.seq) for record in spool.oldest(0, 10)] == [
        (1, 10),
        (11, 14),
        (15, 15),
        (16, 20),
        (21, 21),
    ]
    for _ in range(91):
        clock.now_s += DAY_S / 90
        spool.tidy()
    first, event, *rest = batches_in(spool)
    assert (first.first, first.seq, first.events[0].kind) == (1, 14, "spool_dropped")
    assert (event.seq, [alarm_event.kind for alarm_event in event.events]) == (15, ["alarm"])
    assert [(batch.first, batch.seq) for batch in rest] == [(16, 20), (None, 21)]


def test_age_counts_over_restarts_and_ignores_steps_of_the_wall_clock(open_spool: Open, clock: _Clock) -> None:
    retention = SpoolRetention(max_age_s=DAY_S, policy="drop")
    spool = open_spool(retention=retention)
    assert spool.append([content(1)])
    spool.tidy()
    clock.now_s += 0.7 * DAY_S
    spool.close()
    clock.now_s = 5.0
    spool = open_spool(retention=retention)
    spool.tidy()
    assert batches_in(spool)[0].events == []
    clock.now_s += 0.4 * DAY_S
    spool.tidy()
    assert batches_in(spool)[0].events[0].kind == "spool_dropped"


def test_a_file_of_the_first_version_is_upgraded(open_spool: Open, tmp_path: Path) -> None:
    spool = open_spool()
    assert spool.append([content(1)])
    epoch = spool.epoch
    spool.close()
    connection = sqlite3.connect(tmp_path / "spool.sqlite")
    added = ["thinned_points", "base", "stale_upto", "acked", "gateway", "epoch_before", "epoch_reason", "epoch_ms"]
    dropped = "".join(f"ALTER TABLE state DROP COLUMN {name};" for name in added)
    connection.executescript(f"DROP INDEX urgent; {dropped} DROP TABLE ages; PRAGMA user_version = 1;")
    connection.close()
    (tmp_path / "spool.sqlite.check").unlink()
    again = open_spool()
    again.tidy()
    held, report = again.oldest(0, 10)
    assert (batch_of(held).blocks, held.seq) == (content(1).blocks, 1)
    assert batch_of(report).events[0].data["reason"] == "upgraded", "copies of it may have been made before"
    assert again.epoch != epoch


def test_alarms_are_found_by_index_and_remain_when_the_rest_is_dropped(open_spool: Open, tmp_path: Path) -> None:
    spool = open_spool(100_000, SpoolRetention(policy="drop"))
    for number in range(1, 401):
        assert spool.append([alarm(number) if number % 100 == 0 else content(number, rows=40)])
    assert spool.status().dropped_records > 0
    assert [record.seq for record in spool.urgent(0, 10)] == [100, 200, 300, 400]
    assert [record.seq for record in spool.urgent(200, 1)] == [300]
    assert all(batch_of(record).events for record in spool.urgent(0, 10))
    spool.close()
    connection = sqlite3.connect(tmp_path / "spool.sqlite")
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT seq FROM records WHERE kind = 5 AND seq > 7 ORDER BY seq LIMIT 1"
    ).fetchall()
    connection.close()
    assert [row[3] for row in plan] == ["SEARCH records USING COVERING INDEX urgent (kind=? AND rowid>?)"]


def test_thinning_does_not_change_rows_and_no_device_disappears() -> None:
    busy = [block("busy", list(range(start, start + 7)), [1, 3, 1, 1, 1, 1, 4]) for start in range(0, 70, 7)]
    rare = block("rare", [5])
    thinned = thin_blocks([*busy[:3], rare, *busy[3:]], 6)
    assert [block.device for block in thinned] == ["busy", "rare"]
    times = [START_MS + time for time in range(0, 70, 6)]
    assert [thinned[0].t0 + offset_ms for offset_ms in thinned[0].dt] == times
    assert thinned[0].c["co2_ppm"] == [float(time - START_MS) for time in times]
    flags = {0: 1, 1: 3, 6: 4}
    assert thinned[0].q["co2_ppm"] == [flags.get((time - START_MS) % 7, 1) for time in times]
    assert thinned[1] == rare


_STEP = st.tuples(
    st.sampled_from(["append", "append", "append", "confirm", "age", "reopen"]), st.integers(1, 8), st.booleans()
)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(_STEP, max_size=60),
    st.sampled_from([SpoolRetention(), SpoolRetention(max_age_s=50), SpoolRetention(policy="drop")]),
)
def test_every_number_is_confirmed_stored_or_declared_dropped_and_no_event_is_missing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]], retention: SpoolRetention
) -> None:
    clock = _Clock()
    path = tmp_path_factory.mktemp("s") / "spool.sqlite"
    spool = Spool(path, OWNER, 12_000, retention=retention, clock_s=clock)
    confirmed, number = 0, 0
    events_in: set[int] = set()
    events_out: set[int] = set()
    points_in = points_out = 0
    try:
        for step, amount, with_event in steps:
            if step == "append":
                numbers = range(number + 1, number + 1 + amount)
                eventful = {seq for seq in numbers if with_event and seq % 3 == 0}
                if spool.append([content(seq, rows=20, events=int(seq in eventful)) for seq in numbers]):
                    events_in |= eventful
                    points_in += 20 * amount
                number += amount
            elif step == "confirm":
                for record in spool.oldest(0, amount):
                    confirmed = record.seq
                    batch = batch_of(record)
                    events_out |= {int(str(event.data["number"])) for event in batch.events if event.kind == "alarm"}
                    points_out += count_points(batch.blocks)
                spool.confirm(spool.epoch, confirmed)
            elif step == "age":
                clock.now_s += 10 * amount
                spool.tidy()
            else:
                spool.close()
                spool = Spool(path, OWNER, 12_000, retention=retention, clock_s=clock)
            records = spool.oldest(0, 10_000)
            batches = [batch_of(record) for record in records]
            at = confirmed
            for record in records:
                assert record.first == at + 1, "each number stands in one record, and none is missing"
                at = record.seq
            assert at == spool.last_seq
            events_here = [event for batch in batches for event in batch.events if event.kind == "alarm"]
            assert {int(str(event.data["number"])) for event in events_here} | events_out == events_in
            status = spool.status()
            assert (status.records, status.bytes) == (
                len(records),
                sum(len(record.payload) + ROW_BYTES for record in records),
            )
            assert status.bytes <= 12_000
            points_here = sum(count_points(batch.blocks) for batch in batches)
            assert points_here + points_out + status.thinned_points + status.dropped_points == points_in
    finally:
        spool.close()
