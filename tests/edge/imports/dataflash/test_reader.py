from __future__ import annotations

import struct
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.imports.dataflash.format import ColumnUnit, Format
from edge.imports.dataflash.reader import LogReader, Message
from tests.edge.imports.dataflash.bin_writer import BinWriter, make_flight
from tests.examples import examples

FLIGHT = make_flight(12)
DATA = bytes(FLIGHT.data)


def read_all(data: bytes, sizes: list[int] | None = None) -> tuple[list[Message], LogReader]:
    reader, messages, at = LogReader(), [], 0
    for size in sizes or []:
        messages += reader.read(data[at : at + size])
        at += size
    messages += reader.read(data[at:])
    return messages + reader.finish(), reader


def fields_of(messages: list[Message]) -> list[tuple[str, dict[str, Any]]]:
    return [(fmt.name, fmt.fields(raw)) for fmt, raw in messages]


WHOLE = fields_of(read_all(DATA)[0])


def test_every_message_is_read_with_its_scales() -> None:
    messages, reader = read_all(DATA)
    assert [fmt.name for fmt, _ in messages] == [name for _, name in FLIGHT.messages]
    fields = dict(fields_of(messages))
    assert fields["GPS"]["Lat"] == 49.4
    assert fields["GPS"]["HDop"] == 0.9
    assert fields["ATT"]["Roll"] == 10.0
    assert fields["ATT"]["Pitch"] == -5.0
    assert fields["MSG"]["Message"] == "CubeOrange 00320021 3132510A 37363838"
    assert reader.counters() == {"bytes": len(DATA), "junk_bytes": 0, "messages": len(messages)}


def test_all_format_characters_are_read() -> None:
    log = BinWriter(
        {"NUM": (200, "bBhHiIqQfdg", "a,b,c,d,e,f,g,h,i,j,k"), "REST": (201, "nNZcCeELMa", "a,b,c,d,e,f,g,h,i,j")}
    )
    numbers = [-5, 250, -300, 60_000, -70_000, 4_000_000_000, -(2**40), 2**60, 0.5, 0.1, 1.5]
    log.put("NUM", *numbers)
    array = list(range(-16, 16))
    log.put("REST", "abcd", "name", "text", -150, 250, -12_345, 12_345, -494_000_000, 11, struct.pack("<32h", *array))
    fields = dict(fields_of(read_all(bytes(log.data))[0]))
    assert list(fields["NUM"].values()) == numbers
    assert list(fields["REST"].values()) == ["abcd", "name", "text", -1.5, 2.5, -123.45, 123.45, -49.4, 11, array]


@given(st.lists(st.integers(1, 400), max_size=80))
@settings(max_examples=examples(40), deadline=None)
def test_a_log_cut_into_any_pieces_gives_the_same_messages(sizes: list[int]) -> None:
    messages, reader = read_all(DATA, sizes)
    assert fields_of(messages) == WHOLE
    assert reader.counters()["junk_bytes"] == 0


@given(st.integers(0, len(DATA)), st.binary(min_size=1, max_size=300), st.lists(st.integers(1, 300), max_size=30))
@settings(max_examples=examples(80), deadline=None)
def test_noise_between_messages_is_counted_and_loses_only_the_messages_it_touches(
    at: int, noise: bytes, sizes: list[int]
) -> None:
    starts = [start for start, _ in FLIGHT.messages] + [len(DATA)]
    at = max(start for start in starts if start <= at)
    noisy = DATA[:at] + noise + DATA[at:]
    messages, reader = read_all(noisy, sizes)
    decoded, before = fields_of(messages), sum(start < at for start, _ in FLIGHT.messages)
    # The message before the noise is not accepted: no message follows it.
    assert decoded[: max(0, before - 1)] == WHOLE[: max(0, before - 1)]
    assert decoded[len(decoded) - (len(WHOLE) - before) :] == WHOLE[before:]
    assert reader.counters()["junk_bytes"] >= len(noise) - 255 or b"\xa3\x95" in noise
    again, other = read_all(noisy)
    assert fields_of(again) == decoded
    assert other.counters() == reader.counters()


@given(st.integers(0, len(DATA) - 1), st.integers(0, 7))
@settings(max_examples=examples(100), deadline=None)
@example(5588, 1)  # an ATT that becomes a GPS, which is longer and would end in front of zeros of the IMU after it
def test_a_turned_bit_changes_at_most_the_message_it_is_in_and_its_neighbour(at: int, bit: int) -> None:
    damaged = bytearray(DATA)
    damaged[at] ^= 1 << bit
    messages, _ = read_all(bytes(damaged))
    hit = max(place for place, (start, _) in enumerate(FLIGHT.messages) if start <= at)
    decoded = fields_of(messages)
    if FLIGHT.messages[hit][1] == "FMT":  # what it describes may be lost with it
        return
    assert decoded[: max(0, hit - 1)] == WHOLE[: max(0, hit - 1)]
    after = WHOLE[hit + 1 :]
    assert len(after) == 0 or decoded[-len(after) :] == after


@given(st.integers(0, len(DATA)))
@settings(max_examples=examples(40), deadline=None)
def test_a_log_that_was_cut_off_gives_all_that_is_whole(length: int) -> None:
    messages, reader = read_all(DATA[:length])
    whole = [start for start, _ in FLIGHT.messages] + [len(DATA)]
    complete = sum(end <= length for end in whole[1:])
    assert fields_of(messages) == WHOLE[:complete]
    assert reader.counters()["junk_bytes"] == length - whole[complete]


@given(st.binary(max_size=2000))
@settings(max_examples=examples(80), deadline=None)
def test_noise_alone_never_raises(noise: bytes) -> None:
    _, reader = read_all(noise)
    counters = reader.counters()
    assert counters["bytes"] == len(noise)
    assert counters["junk_bytes"] <= len(noise)


def test_the_padding_of_flash_pages_does_not_cost_the_message_before_it() -> None:
    for padding in (b"\xff" * 120, b"\0" * 120):
        messages, reader = read_all(DATA + padding + DATA)
        assert fields_of(messages) == WHOLE * 2
        assert reader.counters()["junk_bytes"] == 120


def test_a_message_torn_by_a_lost_block_is_left_out_not_read_with_anothers_values() -> None:
    start, _ = FLIGHT.messages[-20]
    messages, reader = read_all(DATA[: start + 10] + DATA[FLIGHT.messages[-10][0] + 5 :])
    assert reader.counters()["torn"] == 1
    assert fields_of(messages)[-9:] == WHOLE[-9:]
    assert len(messages) == len(WHOLE) - 11


def test_of_kinds_that_are_not_wanted_messages_are_counted_and_not_given() -> None:
    reader = LogReader({"POS"})
    messages = reader.read(DATA) + reader.finish()
    assert {fmt.name for fmt, _ in messages} == {"POS"}
    assert reader.kinds()["IMU"] == 120
    assert reader.kinds()["POS"] == len(messages) == 60


def test_formats_that_cannot_be_are_refused_and_counted() -> None:
    for number, length, name, characters, columns in (
        (200, 20, "BAD", "Qf", "TimeUS,Value"),  # 15 bytes, not 20
        (200, 15, "BAD", "Qf", "TimeUS"),
        (200, 15, "", "Qf", "TimeUS,Value"),
        (200, 15, "BAD", "Q?", "TimeUS,Value"),
        (200, 15, "B\x07D", "Qf", "TimeUS,Value"),
    ):
        log = BinWriter()
        log.put("FMT", number, length, name, characters, columns)
        log.put("MSG", 1, "hello")
        messages, reader = read_all(bytes(log.data))
        assert reader.dictionary.by_type[200] is None
        assert reader.counters()["bad_format"] == 1
        assert fields_of(messages)[-1] == ("MSG", {"TimeUS": 1, "Message": "hello"})


def test_units_and_multipliers_apply_however_late_they_come() -> None:
    log = BinWriter().battery(1000, 0, 12.0, 800.0)
    log.units("BAT", "s#vvAaXOw%", "F-000C0?00")
    _, reader = read_all(bytes(log.data))
    battery = next(fmt for fmt in reader.dictionary.by_type if isinstance(fmt, Format) and fmt.name == "BAT")
    assert battery.units["CurrTot"] == ColumnUnit("Ah", 0.001)
    assert battery.units["EnrgTot"] == ColumnUnit("W.h", 1.0)
    assert battery.units["Temp"] == ColumnUnit("degC", None)
    assert battery.units["TimeUS"] == ColumnUnit("s", 1e-6)
