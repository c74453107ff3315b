"""Time logs of ISO 11783-10: read, salvaged record by record, and written as they were."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.files.isoxml.task_data import (
    Element,
    ElementKind,
    NamedLog,
    RefusedTimeLog,
    TaskData,
    TaskMachine,
    TaskSpan,
    read_task_data,
    write_task_data,
)
from headland.files.isoxml.time_log import (
    LoggedValue,
    LogHeader,
    LogRecord,
    TimeLog,
    read_header,
    read_time_log,
    write_time_log,
)
from tests.examples import examples

START_MS = 1_772_323_200_000  # 2026-03-01 00:00
HEADER = LogHeader(
    ("A", "B", "D"), (LoggedValue(0x43, "DET-1"), LoggedValue(0x54, "DET-2"), LoggedValue(0x94, "DET-1"))
)


def record(number: int, values: dict[int, int]) -> LogRecord:
    position = {"north_e7": 320_000_000 + number, "east_e7": 1_190_000_000 + number, "status": 4}
    return LogRecord(START_MS + 1000 * number, position, values)


def log_of(count: int) -> TimeLog:
    return TimeLog(HEADER, tuple(record(n, {0: n, 2: -n} if n % 2 else {}) for n in range(count)))


def test_a_log_by_hand_is_read_with_its_units_of_the_standard() -> None:
    # Milliseconds of the day, days since 1980-01-01, 1e-7 degrees; one value at place 1.
    header = (
        b'<TIM A="" D="4"><PTN A="" B="" D="" H="" I=""/><DLV A="0043" B="" C="D1"/><DLV A="0094" B="" C="D1"/></TIM>'
    )
    data = struct.pack("<IHiiBIHBBi", 3_600_000, 16_861, 319_500_000, 1_191_700_000, 4, 0, 16_861, 1, 1, -7)
    (found,) = read_time_log(header, data).records
    assert found.time_ms == START_MS + 3_600_000
    assert (found.latitude_deg, found.longitude_deg, found.utc_ms) == (31.95, 119.17, START_MS)
    assert found.values == {1: -7}


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.dictionaries(st.integers(0, 2), st.integers(-(2**31), 2**31 - 1)), max_size=12))
def test_what_was_written_is_read_and_written_again_byte_for_byte(values: list[dict[int, int]]) -> None:
    log = TimeLog(HEADER, tuple(record(number, each) for number, each in enumerate(values)))
    header, data = write_time_log(log)
    assert read_header(header) == HEADER
    again = read_time_log(header, data)
    assert again == log
    assert write_time_log(again) == (header, data)


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 1000), st.binary(min_size=1, max_size=40), st.booleans())
def test_a_damaged_log_keeps_what_is_whole_and_names_every_lost_byte(
    at: int, rubbish: bytes, is_inserted: bool
) -> None:
    header, data = write_time_log(log_of(40))
    place = at % len(data)
    damaged = data[:place] + rubbish + data[place + (0 if is_inserted else len(rubbish)) :]
    found = read_time_log(header, damaged)
    # Records and losses cover the file.
    whole = sum(len(write_time_log(TimeLog(HEADER, (each,)))[1]) for each in found.records)
    assert whole + sum(loss.length for loss in found.losses) == len(damaged)
    assert all(after.time_ms >= before.time_ms for before, after in zip(found.records, found.records[1:], strict=False))
    # What lies before the damage is there.
    before = [each for each in log_of(40).records if each in found.records]
    whole_before = sum(
        1 for n in range(40) if len(write_time_log(TimeLog(HEADER, log_of(40).records[: n + 1]))[1]) <= place
    )
    assert log_of(40).records[:whole_before] == found.records[:whole_before]
    assert len(before) >= whole_before


def test_a_cut_log_loses_its_last_record_alone_and_rubbish_between_records_is_skipped() -> None:
    header, data = write_time_log(log_of(20))
    cut = read_time_log(header, data[:-3])
    assert (len(cut.records), [loss.reason for loss in cut.losses]) == (19, ["truncated"])
    first, rest = write_time_log(TimeLog(HEADER, log_of(20).records[:7]))[1], log_of(20).records[7:]
    between = first + b"\xff" * 33 + write_time_log(TimeLog(HEADER, rest))[1]
    found = read_time_log(header, between)
    assert found.records == log_of(20).records
    assert [(loss.offset, loss.length, loss.reason) for loss in found.losses] == [(len(first), 33, "time")]


@pytest.mark.parametrize(
    "header",
    [b"", b"no xml", b"<TIM/>", b'<TIM A="2026-03-01T00:00:00"/>', b'<TIM A=""><DLV A="zz"/></TIM>',
     b'<!DOCTYPE x [<!ENTITY a "b">]><TIM A=""/>', b'<TIM A=""><PTN A="north"/></TIM>'],
)  # fmt: skip
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(RefusedTimeLog):
        read_time_log(header, b"")


@pytest.mark.parametrize("version", [3, 4])
def test_the_task_data_of_both_versions_name_their_logs(version: int) -> None:
    sowing = "播种 & <东一>"
    named = [("TLG00001", "TSK-1", sowing), ("TLG00002", "TSK-1", sowing), ("TLG00003", "TSK-2", "")]
    spans = [TaskSpan(START_MS, START_MS + 1500, zone) for zone in (None, 0, 28_800_000)]
    logs = tuple(NamedLog(*each, (span,)) for each, span in zip(named, spans, strict=True))
    machine = TaskMachine("DVC-1", "东方红 <LX>", "A00086000DF95589")
    elements = {
        "DET-1": Element("DET-1", ElementKind.DEVICE, "DVC-1"),
        "DET-2": Element("DET-2", ElementKind.BIN, "DVC-1"),
    }
    data = TaskData(logs[:1] + logs[2:], {"DVC-1": machine}, elements)
    assert read_task_data(write_task_data(data, 3 if version == 3 else 4)) == data
    # Between two logs of one task stands one span: it is beside both.
    beside = read_task_data(write_task_data(TaskData(logs), 4)).logs
    assert [log.spans for log in beside] == [(spans[0], spans[1]), (spans[1],), (spans[2],)]
    for none in (b"<KML/>", b'<?xml version="1.0" encoding="x-none"?><ISO11783_TaskData/>'):
        with pytest.raises(RefusedTimeLog):
            read_task_data(none)
