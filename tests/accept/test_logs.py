"""What real autopilots wrote: every field as pymavlink and pyulog read it, every row where and when it was."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pymavlink import DFReader
from pyulog import ULog

from edge.imports.dataflash.reader import LogReader, Message
from edge.imports.dataflash.source import DataflashSource
from edge.imports.log_clock import gps_utc_us
from edge.imports.mavlink_log.raw_log import RawLogSource
from edge.imports.mavlink_log.tlog import TlogSource
from edge.imports.report import Gaps
from edge.imports.sentences import Sentence
from edge.imports.ulog.source import UlogSource
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.source import Reading
from headland.contract.quantities import quantity_of
from headland.contract.records import Clock
from tests.accept.conftest import Agreement
from tests.edge.imports.dataflash.text_writer import text_of_file
from tests.edge.sources.mavlink.stand_ins import Collector

PLANE = "erle_pxf_plane_4-12-2014_329.BIN"
SUB = "ardusub_small.BIN"
QUAD = "pyulog_sample_log_small.ulg"
PHOENIX = "phoenix_mission2.tlog"

Source = DataflashSource | UlogSource | RawLogSource | TlogSource


def play(source: Source) -> Collector:
    sink = Collector()
    source.run(sink)
    return sink


def having(sink: Collector, channel: str) -> list[Reading]:
    return [row for row in sink.readings if row.values.get(channel) is not None]


def read_ours(data: bytes, size: int) -> tuple[list[Message], LogReader]:
    reader = LogReader()
    messages = [one for at in range(0, len(data), size) for one in reader.read(data[at : at + size])]
    return messages + reader.finish(), reader


@contextmanager
def their_log(path: Path) -> Iterator[Any]:
    """Open a log with pymavlink, which closes none of what it opens."""
    log = DFReader.DFReader_binary(str(path), zero_time_base=True)
    yield log
    log.data_map.close()
    log.filehandle.close()


def read_theirs(path: Path) -> list[Any]:
    with their_log(path) as log:
        return list(iter(log.recv_msg, None))


def is_same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs) or (ours != ours and theirs != theirs)


@pytest.mark.parametrize(("name", "count", "fields"), [(PLANE, 51_235, 480_780), (SUB, 7_510, 74_147)])
@pytest.mark.parametrize("size", [65_536, 777])
def test_every_field_of_every_message_is_pymavlinks(
    real_data: Path, name: str, count: int, fields: int, size: int, agree: Agreement
) -> None:
    path = real_data / "flights" / name
    ours, reader = read_ours(path.read_bytes(), size)
    theirs = read_theirs(path)
    assert len(ours) == len(theirs) == count
    compared = differing = 0
    for (found, raw), message in zip(ours, theirs, strict=True):
        assert found.name == message.get_type()
        said = found.fields(raw)
        assert list(said) == message.get_fieldnames()
        compared += len(said)
        differing += sum(not is_same(value, getattr(message, column)) for column, value in said.items())
    agree(f"fields of {name}", [compared, differing], [fields, 0], "pymavlink")
    assert reader.counters()["junk_bytes"] <= 7  # the plane's last message was cut off


def test_units_are_those_that_pymavlink_finds(real_data: Path) -> None:
    path = real_data / "flights" / SUB
    _, reader = read_ours(path.read_bytes(), 65_536)
    compared = 0
    with their_log(path) as log:
        for found in reader.dictionary.by_type:
            for column, unit in found.units.items() if found is not None else ():
                assert found is not None
                assert log.formats[found.type].get_unit(column).endswith(unit.name), (found.name, column)
                compared += bool(unit.name)
    assert compared == 757


def test_the_plane_is_dated_by_its_satellites_although_its_own_clock_runs_eight_percent_slow(
    real_data: Path, agree: Agreement
) -> None:
    """Each fix must stand within what a receiver is late at the UTC that it says itself (GPS time less 16 s)."""
    path = real_data / "flights" / PLANE
    source = DataflashSource(path, None, "home")
    sink = play(source)
    rows = having(sink, "gps_latitude_deg")
    fixes = [one for one in read_theirs(path) if one.get_type() == "GPS" and one.Status >= 3]
    assert len(rows) == len(fixes) == 3290
    for row, fix in zip(rows, fixes, strict=True):
        utc_us = gps_utc_us(fix.Week, fix.TimeMS)
        assert utc_us is not None
        agree("the plane's positions in time [ms]", row.time_ms, utc_us / 1000, "its receiver", within=100)
        assert row.values["gps_latitude_deg"] == fix.Lat
    assert {row.clock for row in sink.readings} == {Clock.GPS}
    report = source.report()
    assert report.devices[0].startswith("log-")
    assert report.left_out == {"cut": 1, "junk_bytes": 7}
    assert (report.messages, report.rows) == (51_235, 28_477)
    # 2014-12-04 15:02:49 to 15:13:54 UTC; it flew 2.2 km.
    assert (report.first_ms, report.last_ms) == (1_417_705_369_309, 1_417_706_034_968)
    agree("length of the plane's flight", length_m(rows), 2204, "its own positions", rel=0.02)
    modes = [event.data["mode"] for event in sink.events if event.kind == "mode"]
    assert modes[:3] == ["MANUAL", "CIRCLE", "MANUAL"]
    # Its terrain data never was healthy.
    assert not having(sink, "height_above_terrain_m")
    assert len(having(sink, "terrain_pending_count")) == 607


@pytest.mark.parametrize("name", [PLANE, SUB])
def test_the_text_of_a_log_gives_the_rows_of_the_log(real_data: Path, tmp_path: Path, name: str) -> None:
    path, text = real_data / "flights" / name, tmp_path / "flight.log"
    text.write_bytes(text_of_file(path))
    start_ms = 1_717_221_600_000  # for the one without a receiver
    ours = play(DataflashSource(text, None, "home", start_ms=start_ms, is_text=True))
    theirs = play(DataflashSource(path, None, "home", start_ms=start_ms))
    assert len(theirs.readings) > 2000
    assert [(row.time_ms, row.values) for row in ours.readings] == [
        (row.time_ms, row.values) for row in theirs.readings
    ]
    assert [(event.kind, event.data) for event in ours.events] == [(one.kind, one.data) for one in theirs.events]


def test_a_submarine_without_a_receiver_is_not_dated_and_nothing_of_it_leaves(real_data: Path) -> None:
    source = DataflashSource(real_data / "flights" / SUB, None, "home")
    sink = play(source)
    report = source.report()
    assert (sink.readings, sink.events, sink.descriptors) == ([], [], [])
    assert report.left_out == {"undated_rows": 2135, "undated_events": 12, "dropped_by_logger": 2}
    assert report.notes == (Sentence("undated"),)


def test_the_px4_log_is_dated_by_its_satellites_and_keeps_pyulogs_numbers(real_data: Path, agree: Agreement) -> None:
    path = real_data / "flights" / QUAD
    source = UlogSource(path, None, "home")
    sink = play(source)
    log = ULog(str(path))
    fixes = log.get_dataset("vehicle_gps_position").data
    rows = [row for row in sink.readings if "gps_fix_code" in row.values]
    assert len(rows) == len(fixes["timestamp"]) == 32
    for at, row in enumerate(rows):
        own_us = int(fixes["timestamp"][at]) + int(fixes["timestamp_time_relative"][at])
        late_ms = (int(fixes["timestamp"][at]) - own_us) / 1000
        said_ms = int(fixes["time_utc_usec"][at]) / 1000
        agree("PX4's positions in time [ms]", row.time_ms - late_ms, said_ms, "its receiver", within=100)
        assert row.values["gps_latitude_deg"] == fixes["lat"][at] / 1e7
        assert row.values["gps_altitude_m"] == fixes["alt"][at] / 1000
    attitudes = log.get_dataset("vehicle_attitude").data
    rolls = having(sink, "roll_rad")
    assert len(rolls) == len(attitudes["timestamp"]) == 1298
    # A rotation by these angles is the quaternion again (ZYX, as PX4 has it).
    for at in range(0, 1298, 97):
        roll, pitch, yaw = (rolls[at].values[f"{name}_rad"] or 0.0 for name in ("roll", "pitch", "yaw"))
        w = math.cos(roll / 2) * math.cos(pitch / 2) * math.cos(yaw / 2)
        w += math.sin(roll / 2) * math.sin(pitch / 2) * math.sin(yaw / 2)
        assert abs(w) == pytest.approx(abs(float(attitudes["q[0]"][at])), abs=1e-6)
    report = source.report()
    assert report.devices == ("uav-000600000000383638393239510d0035002d",)
    assert report.dropouts == Gaps(1, 30)
    assert [event.data["text"] for event in sink.events if event.kind == "text"] == [
        text.message for text in log.logged_messages
    ]
    assert [event.data for event in sink.events if event.kind == "armed"] == [{"armed": True}, {"armed": False}]


def test_phoenix_without_its_stamps_gives_the_rows_it_gives_with_them(real_data: Path, tmp_path: Path) -> None:
    """What the vehicle's own clock dates is the same to the millisecond; what only the recorder dated is left out."""
    path = real_data / "flights" / PHOENIX
    stamped = play(TlogSource(path, None, "gw-1", "home"))
    raw = tmp_path / "phoenix.rlog"
    raw.write_bytes(unstamped(path.read_bytes()))
    source = RawLogSource(raw, None, "gw-1", "home")
    sink = play(source)
    of_vehicle = [row for row in stamped.readings if row.clock is not Clock.ARRIVAL]
    assert rows_by_series(sink.readings) == rows_by_series(of_vehicle)
    assert len(having(sink, "latitude_deg")) == 1616
    report = source.report()
    assert report.rows == len(of_vehicle)
    # What its radio says of the link has no clock but the recorder's.
    assert {row.source.kind for row in stamped.readings if row.clock is Clock.ARRIVAL} == {"radio"}
    assert report.left_out["undated_rows"] == 1376


@pytest.mark.parametrize("name", [PLANE, QUAD])
def test_rows_are_unique_known_and_the_same_at_every_import(real_data: Path, name: str) -> None:
    path = real_data / "flights" / name
    first, second = (
        play(UlogSource(path, None, "home") if name == QUAD else DataflashSource(path, None, "home")) for _ in range(2)
    )
    assert (first.readings, first.events, first.descriptors) == (second.readings, second.events, second.descriptors)
    seen: set[tuple[str, int]] = set()
    for row in first.readings:
        assert (row.values.get("gps_latitude_deg"), row.values.get("gps_longitude_deg")) != (0.0, 0.0)
        for channel, value in row.values.items():
            assert quantity_of(channel) is not None, channel
            assert value is None or math.isfinite(value)
            assert (channel, row.time_ms) not in seen
            seen.add((channel, row.time_ms))


def rows_by_series(rows: list[Reading]) -> dict[tuple[str, ...], list[tuple[int, object]]]:
    """Return times and values of the rows with the same channels, in the order they came."""
    found: dict[tuple[str, ...], list[tuple[int, object]]] = {}
    for row in rows:
        found.setdefault(tuple(row.values), []).append((row.time_ms, row.values))
    return found


def length_m(rows: list[Reading]) -> float:
    """Return the length over the receiver's positions on a sphere of 6,371,008.8 m (IUGG mean radius), haversine."""
    total_m = 0.0
    places = [
        tuple(math.radians(row.values[f"gps_{name}_deg"] or 0.0) for name in ("latitude", "longitude")) for row in rows
    ]
    for (lat_1, lon_1), (lat_2, lon_2) in pairwise(places):
        half = math.sin((lat_2 - lat_1) / 2) ** 2
        half += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
        total_m += 2 * 6_371_008.8 * math.asin(math.sqrt(half))
    return total_m


def unstamped(data: bytes) -> bytes:
    """Return a .tlog's frames alone, in their order."""
    frames, at = bytearray(), 0
    for frame in FrameDecoder(stamped=True).feed(data):
        assert frame.stamp_us is not None
        start = data.index(frame.stamp_us.to_bytes(8) + bytes((0xFE if frame.version == 1 else 0xFD,)), at) + 8
        signature = 13 if frame.version == 2 and data[start + 2] & 1 else 0
        at = start + (8 if frame.version == 1 else 12) + data[start + 1] + signature
        frames += data[start:at]
    return bytes(frames)
