"""The intake between the sources and the spool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.agent.intake import Intake
from edge.pipeline.settings import BatchSettings
from edge.sources.source import DeviceId, Reading, Readings
from edge.spool.identity.check_file import CheckFile, CheckRecord, Unaccepted
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from headland.contract.codec import Decoded, decode_batch
from headland.contract.records import Clock, Descriptor, Event
from tests.waiting import WaitUntil

DEVICE = DeviceId("gh-1", "greenhouse", "home")
START_MS = 1_790_000_000_000


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 50_000_000)
    yield spool
    spool.close()


def row(number: int) -> Reading:
    return Reading(DEVICE, Clock.RTC, START_MS + number, {"co2_ppm": float(number)})


def alarm(number: int) -> Event:
    return Event(
        t=START_MS + number, device="gh-1", kind="alarm", device_kind="greenhouse", site="home", clock=Clock.RTC
    )


def stored(spool: Spool) -> tuple[list[float | None], int]:
    values: list[float | None] = []
    events = 0
    for record in spool.oldest(0, 100_000):
        decoded = decode_batch(record.payload)
        assert isinstance(decoded, Decoded)
        values += [value for block in decoded.batch.blocks for value in block.c["co2_ppm"]]
        events += len(decoded.batch.events)
    return values, events


def events_in(spool: Spool) -> list[Event]:
    decoded = [decode_batch(record.payload) for record in spool.oldest(0, 100_000)]
    return [event for each in decoded if isinstance(each, Decoded) for event in each.batch.events]


def intake_of(spool: Spool, size: int = 100, **batch: float) -> Intake:
    settings = BatchSettings(max_points=int(batch.get("max_points", 20)), max_age_s=batch.get("max_age_s", 60.0))
    return Intake(settings, spool, lambda _: None, lambda: None, size=size)


def test_sources_wait_while_the_queue_is_full_and_no_row_is_lost(spool: Spool, wait_until: WaitUntil) -> None:
    intake = intake_of(spool, size=10)

    def send(first: int) -> None:
        for at in range(500):
            intake.reading(row(first + at))

    sources = [threading.Thread(target=send, args=(first,)) for first in (0, 1000, 2000)]
    for source in sources:
        source.start()
    wait_until(lambda: intake.counters()["waits"] > 0)
    intake.start()
    for source in sources:
        source.join(120)
    intake.event(alarm(1))
    intake.stop()
    values, events = stored(spool)
    assert sorted(value for value in values if value is not None) == sorted(
        float(first + at) for first in (0, 1000, 2000) for at in range(500)
    )
    assert events == 1
    assert intake.counters()["rows"] == 1500


def test_a_run_counts_as_its_rows_in_the_queue_and_enters_whole(spool: Spool, wait_until: WaitUntil) -> None:
    intake = intake_of(spool, size=10)
    run = Readings(DEVICE, Clock.RTC, range(START_MS, START_MS + 8), {"co2_ppm": [float(n) for n in range(8)]})

    def send() -> None:
        intake.runs([run] * 100)

    source = threading.Thread(target=send)
    source.start()
    wait_until(lambda: intake.counters()["waits"] > 0)
    assert source.is_alive()
    assert intake.counters()["queued"] == 16  # the second run entered where one row fitted
    intake.start()
    source.join(120)
    intake.stop()
    assert stored(spool) == ([float(n) for n in range(8)] * 100, 0)
    assert intake.counters()["rows"] == 800


def test_a_quiet_source_is_written_after_the_messages_age(spool: Spool, wait_until: WaitUntil) -> None:
    woken: list[int] = []
    intake = Intake(BatchSettings(max_age_s=0.05), spool, lambda _: None, lambda: woken.append(1))
    intake.start()
    intake.reading(row(1))
    wait_until(lambda: spool.status().records == 1)
    wait_until(lambda: woken)
    intake.stop()


def test_values_that_somebody_follows_wait_for_no_others_from_that_moment_on(
    spool: Spool, wait_until: WaitUntil
) -> None:
    intake = Intake(BatchSettings(max_age_s=60, followed_age_s=0.05), spool, lambda _: None, lambda: None)
    intake.start()
    intake.reading(row(1))
    wait_until(lambda: intake.counters()["rows"] == 1)  # it is in the open message
    assert spool.status().records == 0
    intake.follow(True)
    wait_until(lambda: spool.status().records == 1)
    intake.reading(row(2))
    wait_until(lambda: spool.status().records == 2)
    intake.follow(False)
    wait_until(lambda: intake._batcher.max_age_s == 60)
    intake.reading(row(3))
    wait_until(lambda: intake.counters()["rows"] == 3)
    assert spool.status().records == 2
    intake.stop()
    assert spool.status().records == 3


@pytest.mark.parametrize(
    ("settings", "expected_s"),
    [
        (BatchSettings(max_age_s=0.5, followed_age_s=0.1), (0.5, 0.1)),
        (BatchSettings(max_age_s=0.5), (0.5, 0.5)),
        (BatchSettings(max_age_s=0.05, followed_age_s=0.1), (0.05, 0.05)),
    ],
)
def test_nobody_who_follows_waits_longer_than_where_nobody_does(
    settings: BatchSettings, expected_s: tuple[float, float]
) -> None:
    assert (settings.age_s(is_followed=False), settings.age_s(is_followed=True)) == expected_s


def test_many_messages_share_a_commit(spool: Spool) -> None:
    commits: list[str] = []
    connection = spool._file.ready()
    connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    intake = intake_of(spool, size=10_000, max_points=1)
    for number in range(500):
        intake.reading(row(number))
    intake.start()
    intake.stop()
    assert spool.last_seq == 500
    assert len(commits) <= 500 / 50 + 2


def test_a_spool_that_refuses_loses_the_oldest_telemetry_which_is_counted(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    full = True
    append = spool.append
    monkeypatch.setattr(spool, "append", lambda contents: False if full else append(contents))
    intake = intake_of(spool, size=10_000, max_points=1)
    intake.start()
    intake.event(alarm(1))
    for number in range(2000):
        intake.reading(row(number))
    wait_until(lambda: intake.counters()["lost_messages"] >= 1400)
    full = False
    intake.stop()
    values, events = stored(spool)
    counters = intake.counters()
    assert events == 2, "the alarm and the report of what was lost"
    (report,) = [event for event in events_in(spool) if event.kind == "spool_refused"]
    assert (report.data["messages"], report.data["points"]) == (counters["lost_messages"], counters["lost_points"])
    assert counters["lost_events"] == 0
    assert counters["lost_points"] + len(values) == 2000
    assert values[-1] == 1999.0
    assert len(values) <= 550


def test_what_was_read_on_a_full_disk_and_lost_with_the_process_is_reported_by_the_next_one(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    monkeypatch.setattr(spool, "append", lambda _contents: False)
    intake = intake_of(spool, size=10_000, max_points=1)
    intake.start()
    intake.event(alarm(1))
    for number in range(40):
        intake.reading(row(number))

    def noted() -> object:
        record = CheckFile(tmp_path / "spool.sqlite.check", lambda _fd: None).read()
        return record.unaccepted if isinstance(record, CheckRecord) else None

    wait_until(lambda: noted() == Unaccepted(40, 40, 1))
    killed = {path: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith((".reserve", "-shm"))}
    intake.stop()
    spool.close()
    for path, data in killed.items():
        path.write_bytes(data)
    again = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 50_000_000)
    (report,) = events_in(again)
    assert (report.kind, dict(report.data)) == ("spool_refused", {"messages": 40, "points": 40, "events": 1})
    again.close()
    once = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 50_000_000)
    assert len(events_in(once)) == 1
    once.close()


def test_a_reading_that_cannot_be_encoded_loses_its_message_only(spool: Spool, wait_until: WaitUntil) -> None:
    intake = intake_of(spool, max_points=1)
    intake.start()
    for number in range(60):
        intake.reading(row(number))
        if number == 30:
            broken: Any = object()
            intake.reading(Reading(DEVICE, Clock.RTC, START_MS, {"co2_ppm": broken}))
    wait_until(lambda: spool.status().records == 60)
    intake.stop()
    assert stored(spool) == ([float(number) for number in range(60)], 0)
    counters = intake.counters()
    assert (counters["errors"], counters["lost_messages"], counters["lost_points"]) == (1, 1, 1)


def test_descriptors_are_passed_on(spool: Spool) -> None:
    passed: list[Descriptor] = []
    intake = Intake(BatchSettings(), spool, passed.append, lambda: None)
    descriptor = Descriptor(device="gh-1", kind="greenhouse", site="home", name="house-1")
    intake.describe(descriptor)
    assert passed == [descriptor]


def test_rows_join_an_open_message_without_waking_the_thread_and_an_event_wakes_it(spool: Spool) -> None:
    waits: list[bool] = []
    intake = intake_of(spool, size=10_000, max_points=500)
    for _ in range(6):
        intake.runs([Readings(DEVICE, Clock.RTC, [START_MS], {"co2_ppm": [1.0]})] * 10)
        waits.append(intake._queue.is_pressing.is_set())
    assert waits == [False] * 6
    intake.runs([Readings(DEVICE, Clock.RTC, [START_MS], {"co2_ppm": [1.0]})] * 4)
    assert intake._queue.is_pressing.is_set(), "so many rows are a message of their own"
    other = intake_of(spool)
    other.reading(row(1))
    assert not other._queue.is_pressing.is_set()
    other.event(alarm(1))
    assert other._queue.is_pressing.is_set()
