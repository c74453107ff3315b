"""Rows and events leave the batcher once, in messages that fit."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.pipeline.batcher import Batcher, Content
from edge.sources.source import DeviceId, Reading, Readings
from headland.contract.codec import (
    MAX_PAYLOAD_BYTES,
    MAX_TIME_MS,
    VERSION,
    Decoded,
    check_block,
    check_event,
    decode_batch,
    encode_batch,
)
from headland.contract.records import Batch, Clock, Event
from tests.examples import examples

DEVICES = [DeviceId("gh-1", "greenhouse", "home"), DeviceId("uav-1", "drone", "home", simulated=True)]
START_MS = 1_790_000_000_000


def reading(time_ms: int = START_MS, device: int = 0, clock: Clock = Clock.RTC, **values: float | None) -> Reading:
    return Reading(DEVICES[device], clock, time_ms, values or {"co2_ppm": 800.0})


def event(time_ms: int = START_MS, **data: str) -> Event:
    return Event(
        t=time_ms, device="gh-1", kind="alarm", device_kind="greenhouse", site="home", clock=Clock.RTC, data=dict(data)
    )


def encoded(content: Content) -> bytes:
    return encode_batch(
        Batch(v=VERSION, gw="g" * 64, epoch="e" * 64, seq=2**62, first=1, blocks=content.blocks, events=content.events)
    )


def finish(batcher: Batcher) -> list[Content]:
    batcher.close()
    return batcher.take()


def test_rows_of_one_device_clock_and_channel_set_share_a_block() -> None:
    batcher = Batcher(500, 0.5)
    batcher.add(reading(START_MS + 100, co2_ppm=1.0, par_umol_m2_s=None), 0.0)
    batcher.add(reading(START_MS, par_umol_m2_s=3.0, co2_ppm=2.0), 0.0)
    batcher.add(reading(START_MS, co2_ppm=9.0), 0.0)
    batcher.add(reading(START_MS, clock=Clock.GPS, co2_ppm=9.0), 0.0)
    batcher.add(reading(START_MS, device=1, co2_ppm=9.0), 0.0)
    (content,) = finish(batcher)
    assert len(content.blocks) == 4
    first = content.blocks[0]
    assert (first.t0, first.dt) == (START_MS, [100, 0])
    assert first.c == {"co2_ppm": [1.0, 2.0], "par_umol_m2_s": [None, 3.0]}
    assert first.q == {}
    assert content.blocks[3].simulated


def test_flags_are_written_only_where_a_sample_is_not_good() -> None:
    batcher = Batcher(500, 0.5)
    for flags in ({}, {"co2_ppm": 4}, {"co2_ppm": 1}, {"air_temperature_degc": 1}):
        row = Reading(DEVICES[0], Clock.RTC, START_MS, {"co2_ppm": 1.0, "air_temperature_degc": 2.0}, flags)
        batcher.add(row, 0.0)
    (content,) = finish(batcher)
    assert content.blocks[0].q == {"co2_ppm": [1, 4, 1, 1]}


def test_a_message_is_closed_by_its_points() -> None:
    batcher = Batcher(10, 60.0)
    for index in range(25):
        batcher.add(reading(START_MS + index), 0.0)
    assert [content.points for content in batcher.take()] == [10, 10]
    assert not batcher.due(59.0)


def test_a_message_is_closed_by_its_age_and_not_before() -> None:
    batcher = Batcher(500, 0.5)
    assert batcher.wait_s(99.0) is None
    batcher.add(reading(), 100.0)
    batcher.add(reading(), 100.3)
    assert batcher.wait_s(100.3) == 0.20000000000000284
    assert not batcher.due(100.4)
    assert batcher.due(100.5)
    assert len(batcher.take()) == 1
    assert batcher.take() == []
    assert not batcher.due(200.0)


def test_events_alone_make_a_message() -> None:
    batcher = Batcher(500, 0.5)
    batcher.add_event(event(text="vent stuck"), 0.0)
    assert batcher.due(0.5)
    (content,) = batcher.take()
    assert (content.blocks, content.points, content.span_ms()) == ([], 0, (START_MS, START_MS))


def test_an_event_too_long_for_any_message_is_cut_and_marked() -> None:
    batcher = Batcher(500, 0.5)
    batcher.add_event(event(text="x" * 200_000), 0.0)
    (content,) = finish(batcher)
    assert content.events[0].data == {"text": "x" * 1000, "cut": True}


def test_a_text_with_a_character_that_no_store_holds_is_sent_with_a_replacement() -> None:
    batcher = Batcher(500, 0.5)
    batcher.add_event(event(text="EKF\0 variance"), 0.0)
    (content,) = finish(batcher)
    assert content.events[0].data == {"text": "EKF\ufffd variance"}
    assert check_event(content.events[0]) is None


def test_rows_and_events_that_no_message_may_contain_are_counted() -> None:
    batcher = Batcher(500, 0.5)
    batcher.add(reading(-1), 0.0)
    batcher.add(reading(MAX_TIME_MS + 1), 0.0)
    batcher.add(Reading(DEVICES[0], Clock.RTC, START_MS, {}), 0.0)
    batcher.add_event(event(-1), 0.0)
    batcher.add_event(event(text="\ud800"), 0.0)
    assert finish(batcher) == []
    assert batcher.counters()["rows_refused"] == 3
    assert batcher.counters()["events_refused"] == 2


def test_rows_a_lifetime_apart_do_not_share_a_block() -> None:
    batcher = Batcher(500, 0.5)
    for time_ms in (START_MS, 0, START_MS + 1, 2**41):
        batcher.add(reading(time_ms), 0.0)
    (content,) = finish(batcher)
    assert all(check_block(block) is None for block in content.blocks)
    assert sorted(block.t0 + dt for block in content.blocks for dt in block.dt) == [0, START_MS, START_MS + 1, 2**41]


_CHANNELS = st.sampled_from([f"quantity_{index}_m" for index in range(12)])
_VALUES = st.one_of(st.none(), st.floats(width=64))
_READINGS = st.builds(
    Reading,
    st.sampled_from(DEVICES),
    st.sampled_from(list(Clock)),
    st.one_of(st.integers(START_MS, START_MS + 10_000), st.integers(0, MAX_TIME_MS)),
    st.dictionaries(_CHANNELS, _VALUES, min_size=1, max_size=12),
    st.dictionaries(_CHANNELS, st.sampled_from([1, 2, 3, 4, 9]), max_size=3),
)


@st.composite
def _runs(draw: st.DrawFn) -> Readings:
    times_ms = draw(st.lists(st.integers(START_MS - 5, START_MS + 10_000), min_size=1, max_size=30))
    far = draw(st.integers(0, 5)) == 0
    times_ms += [draw(st.integers(0, MAX_TIME_MS))] if far else []
    channels = draw(st.lists(_CHANNELS, min_size=1, max_size=12, unique=True))
    columns = {
        channel: tuple(draw(st.lists(_VALUES, min_size=n, max_size=n))) for channel in channels for n in [len(times_ms)]
    }
    return Readings(draw(st.sampled_from(DEVICES)), draw(st.sampled_from(list(Clock))), times_ms, columns)


_EVENTS = st.builds(
    lambda time_ms, text: event(time_ms, text=text),
    st.integers(0, MAX_TIME_MS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)


def _cells(
    source: DeviceId, clock: Clock, time_ms: int, channel: str, value: float | None, flag: int
) -> tuple[Any, ...]:
    number = None if value is None or not math.isfinite(value) else value
    return (source.device, clock, time_ms, channel, number, flag)


def _given(rows: list[Reading]) -> Counter[tuple[Any, ...]]:
    return Counter(
        _cells(row.source, row.clock, row.time_ms, channel, value, row.quality.get(channel, 1))
        for row in rows
        for channel, value in row.values.items()
    )


def _taken(batches: list[Batch]) -> Counter[tuple[Any, ...]]:
    return Counter(
        _cells(DeviceId(block.device, "", ""), block.clock, block.t0 + dt, channel, value, flag)
        for batch in batches
        for block in batch.blocks
        for channel, column in block.c.items()
        for dt, value, flag in zip(block.dt, column, block.q.get(channel, [1] * len(column)), strict=True)
    )


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.one_of(_READINGS, _runs(), _EVENTS), max_size=60), st.integers(1, 40), st.integers(1, 5))
def test_no_row_and_no_event_is_lost_or_doubled(
    items: list[Reading | Readings | Event], max_points: int, every: int
) -> None:
    batcher = Batcher(max_points, 1.0)
    contents: list[Content] = []
    for now, item in enumerate(items):
        if isinstance(item, Event):
            batcher.add_event(item, now / every)
        elif isinstance(item, Readings):
            batcher.add_run(item, now / every)
        else:
            batcher.add(item, now / every)
        if batcher.due(now / every):
            contents += batcher.take()
    contents += finish(batcher)
    batches = []
    for content in contents:
        decoded = decode_batch(encoded(content))
        assert isinstance(decoded, Decoded)
        assert decoded.refused == ()
        batches.append(decoded.batch)
        assert content.points <= max_points
    assert _taken(batches) == _given(rows_among(items))
    assert batcher.counters()["rows"] == len(rows_among(items))
    texts = [item.data["text"] for item in items if isinstance(item, Event)]
    sent = [batch_event.data["text"] for batch in batches for batch_event in batch.events]
    assert sent == [str(text).replace("\0", "\ufffd") for text in texts]


def rows_among(items: list[Reading | Readings | Event]) -> list[Reading]:
    runs = [
        list(item.rows()) if isinstance(item, Readings) else [item] for item in items if not isinstance(item, Event)
    ]
    return [row for run in runs for row in run]


def test_rows_by_column_make_the_same_messages_as_one_by_one() -> None:
    columns: dict[str, list[float | None]] = {
        "co2_ppm": [float(n) for n in range(100)],
        "par_umol_m2_s": [None] * 100,
    }
    run = Readings(DEVICES[0], Clock.RTC, range(START_MS, START_MS + 100), columns)
    whole, single = Batcher(31, 60.0), Batcher(31, 60.0)
    for batcher in (whole, single):
        batcher.add(
            Reading(DEVICES[0], Clock.RTC, START_MS, {"co2_ppm": 1.0, "par_umol_m2_s": 2.0}, {"co2_ppm": 3}), 0.0
        )
    whole.add_run(run, 0.0)
    for row in run.rows():
        single.add(row, 0.0)
    assert finish(whole) == finish(single)
    assert whole.counters() == single.counters()


def test_a_run_with_a_time_that_no_message_may_contain_loses_that_row_only() -> None:
    batcher = Batcher(500, 60.0)
    batcher.add_run(Readings(DEVICES[0], Clock.RTC, [START_MS, -1, START_MS + 1], {"co2_ppm": [1.0, 2.0, 3.0]}), 0.0)
    (content,) = finish(batcher)
    assert content.blocks[0].c == {"co2_ppm": [1.0, 3.0]}
    assert batcher.counters()["rows_refused"] == 1


_WIDE = st.builds(
    lambda width, number, time_ms: Reading(
        DEVICES[0], Clock.RTC, time_ms, {f"some_quantity_with_a_long_name_{index}_m": number for index in range(width)}
    ),
    st.integers(1, 3000),
    st.sampled_from([-2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, None]),
    st.integers(0, MAX_TIME_MS),
)
_LONG = st.builds(
    lambda size, seed: event(text=f"{seed}" * size), st.integers(1, 30_000), st.integers(100_000, 999_999)
)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.one_of(_WIDE, _LONG), min_size=1, max_size=12))
def test_a_message_never_exceeds_the_payload_limit(items: list[Reading | Event]) -> None:
    batcher = Batcher(5000, 60.0)
    for item in items:
        if isinstance(item, Event):
            batcher.add_event(item, 0.0)
        else:
            batcher.add(item, 0.0)
    contents = finish(batcher)
    for content in contents:
        plain = len(encoded(content)), len(inflated(content))
        assert max(plain) <= MAX_PAYLOAD_BYTES
    cells = sum(len(column) for content in contents for block in content.blocks for column in block.c.values())
    assert cells == sum(len(item.values) for item in items if isinstance(item, Reading))


def inflated(content: Content) -> bytes:
    """The message before it is deflated: what it would weigh if it could not be made smaller."""
    return zlib.decompress(encoded(content))


def test_an_alarm_is_a_message_by_itself_and_at_once() -> None:
    batcher = Batcher(500, 60.0)
    batcher.add(reading(START_MS), 0.0)
    alarm = msgspec.structs.replace(event(text="frost"), kind="alarm_raised")
    batcher.add_event(alarm, 0.0)
    batcher.add_event(event(text="mode"), 0.0)
    assert batcher.due(0.0)
    (urgent,) = batcher.take()
    assert (urgent.urgent, urgent.blocks, urgent.events) == (True, [], [alarm])
    (rest,) = finish(batcher)
    assert (rest.urgent, rest.points, len(rest.events)) == (False, 1, 1)
