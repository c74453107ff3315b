from __future__ import annotations

from pathlib import Path

import pytest

from edge.imports.card.formats import log_formats
from edge.imports.ulog.source import UlogSource
from edge.sources.mavlink.card.flight import Edge, Gap, Silences
from edge.sources.mavlink.card.healed_rows import HealedRows
from edge.sources.mavlink.card.span_reader import SpanResult
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import DeviceId
from tests.edge.imports.card.healed_flight import Store
from tests.edge.imports.ulog.ulg_writer import NOON_MS, UlgWriter, make_flight

FLIGHT_S = 240
BEGIN_MS, END_MS = 100_050, 120_050


@pytest.fixture(scope="module")
def log() -> bytes:
    return make_flight(FLIGHT_S).text(110_500_000, "Failsafe").whole()


def heal(log: bytes, *, day_ms: int = 0, clock: str = "gps", begin_ms: int = BEGIN_MS) -> tuple[SpanResult, Store, int]:
    """Read the span of a gap from a log; return the result, its samples, and how many bytes were needed."""
    before = Edge(NOON_MS + day_ms + begin_ms, begin_ms, clock, "r", 49.4, -123.0)
    after = Edge(NOON_MS + day_ms + END_MS, END_MS, clock, "r", 49.4, -123.0)
    gap = Gap(before, after, [Silences([], [(before.time_ms, after.time_ms)])])
    reader = next(each for each in log_formats(settings()) if log.startswith(each.start))
    store, needed = Store(), set[int]()
    run = reader.read(len(log), gap, DeviceId("uav-1", "drone", "home"), HealedRows(gap, 2000, store))
    begin, end = next(run)
    while True:
        needed.update(range(begin, end))
        try:
            begin, end = run.send(log[begin:end])
        except StopIteration as stop:
            return stop.value, store, len(needed)


def settings() -> MavlinkSettings:
    return MavlinkSettings(name="drones", url="udpin:127.0.0.1:14550")


def whole(log: bytes, tmp_path: Path) -> Store:
    path = tmp_path / "whole.ulg"
    path.write_bytes(log)
    store = Store()
    UlogSource(path, None, "home").run(store)
    return store


def test_a_span_has_the_samples_and_events_of_the_whole_log_and_little_else_is_read(log: bytes, tmp_path: Path) -> None:
    result, store, needed = heal(log)
    assert result == SpanResult(True)
    begin, end = NOON_MS + BEGIN_MS, NOON_MS + END_MS
    expected = {key: value for key, value in whole(log, tmp_path).samples.items() if begin < key[1] < end}
    assert store.samples == expected
    assert len(store.of("roll_rad")) == 200
    assert [event.data["text"] for event in store.events if event.kind == "text"] == []
    assert needed < 0.6 * len(log)


def test_a_text_in_the_span_is_an_event_and_a_state_that_lasts_is_none(tmp_path: Path) -> None:
    log = make_flight(110).text(110_050_000, "Failsafe")
    for second in range(111, 140):
        log.put("vehicle_status", second * 1_000_000, 2, 3, 2)
        log.put("vehicle_attitude", second * 1_000_000, 1.0, 0.0, 0.0, 0.0)
    result, store, _ = heal(log.whole())
    assert result.is_of_flight
    assert [(event.kind, event.data.get("text")) for event in store.events] == [("text", "Failsafe")]


def test_a_log_of_another_day_is_not_taken_and_one_without_satellites_by_its_place_only(log: bytes) -> None:
    assert heal(log, day_ms=86_400_000)[0] == SpanResult(False, "other_log")
    unknown = UlgWriter().topic("vehicle_attitude", "uint64_t timestamp;float[4] q;")
    for tenth in range(10 * FLIGHT_S):
        unknown.put("vehicle_attitude", 1_000_000 + tenth * 100_000, 1.0, 0.0, 0.0, 0.0)
    result, store, _ = heal(unknown.whole())
    assert (result, store.samples) == (SpanResult(False, "not_provable"), {})
    result, store, _ = heal(log, day_ms=86_400_000, clock="arrival")
    assert result.is_of_flight


def test_a_log_that_ends_in_the_gap_says_so(log: bytes) -> None:
    result, store, _ = heal(log[: len(log) * 110 // FLIGHT_S])
    assert result == SpanResult(True, "log_ends")
    assert 50 < len(store.of("roll_rad")) < 150


def test_a_span_at_the_begin_of_a_log_is_read(log: bytes) -> None:
    result, store, _ = heal(log, begin_ms=900)
    assert result.is_of_flight
    assert min(store.of("roll_rad")) == NOON_MS + 1000


@pytest.mark.parametrize("size", [20, 300, 5000])
def test_a_head_alone_is_no_log(log: bytes, size: int) -> None:
    result, store, _ = heal(log[:size])
    assert not result.is_of_flight
    assert store.samples == {}
