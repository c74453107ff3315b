"""Real flights, recorded by others' ground stations: every frame as pymavlink reads it, every row where it was."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.mavlink_log.tlog import TlogSource
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import Frame
from edge.sources.mavlink.protocol.messages import decode_message
from edge.sources.source import Reading
from headland.contract.quantities import quantity_of
from headland.contract.records import Clock
from tests.edge.sources.mavlink.protocol.test_messages import assert_same_fields
from tests.edge.sources.mavlink.stand_ins import Collector

FLIGHTS = ("phoenix_mission2", "mavometer_test", "ardusub_small")
STAMP_BYTES = 8


def path_of(real_data: Path, flight: str) -> Path:
    return real_data / "flights" / f"{flight}.tlog"


def play(real_data: Path, flight: str) -> tuple[Collector, TlogSource]:
    source, sink = TlogSource(path_of(real_data, flight), None, "gw-1", "home"), Collector()
    source.run(sink)
    return sink, source


def decode_ours(data: bytes) -> tuple[list[Frame], FrameDecoder]:
    decoder = FrameDecoder(stamped=True)
    return decoder.feed(data) + decoder.finish(), decoder


def decode_theirs(data: bytes) -> list[tuple[int, Any]]:
    """Return (stamp, message) of each frame, by pymavlink's parser, walking stamp by stamp as a .tlog is laid out."""
    parser = dialect.MAVLink(None)
    parser.robust_parsing = True
    messages: list[tuple[int, Any]] = []
    at = 0
    while at + STAMP_BYTES < len(data):
        stamp_us = int.from_bytes(data[at : at + STAMP_BYTES])
        at += STAMP_BYTES
        message = None
        while message is None and at < len(data):
            needed = parser.bytes_needed()
            message = parser.parse_char(data[at : at + needed])
            at += needed
        if message is not None and message.get_type() != "BAD_DATA" and not message.get_type().startswith("UNKNOWN"):
            messages.append((stamp_us, message))
    return messages


def positions_of(sink: Collector) -> list[Reading]:
    return [row for row in sink.readings if row.values.get("latitude_deg") is not None]


def track_m(rows: list[Reading]) -> float:
    """Return the length over the rows' positions on a sphere of 6,371,008.8 m (IUGG mean radius), haversine."""
    places = [
        (math.radians(row.values["latitude_deg"] or 0), math.radians(row.values["longitude_deg"] or 0)) for row in rows
    ]
    total_m = 0.0
    for (lat_1, lon_1), (lat_2, lon_2) in itertools.pairwise(places):
        half = (
            math.sin((lat_2 - lat_1) / 2) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
        )
        total_m += 2 * 6_371_008.8 * math.asin(math.sqrt(half))
    return total_m


@pytest.mark.parametrize("flight", FLIGHTS)
def test_every_frame_that_pymavlink_reads_is_read_with_the_same_header_and_fields(real_data: Path, flight: str) -> None:
    data = path_of(real_data, flight).read_bytes()
    frames, _ = decode_ours(data)
    ours = {
        (frame.stamp_us, frame.system, frame.component, frame.sequence, frame.message_id): frame for frame in frames
    }
    theirs = decode_theirs(data)
    assert len(theirs) > 2000
    typed = 0
    for stamp_us, message in theirs:
        header = message.get_header()
        frame = ours[stamp_us, header.srcSystem, header.srcComponent, header.seq, header.msgId]
        version = 1 if message.get_msgbuf()[0] == 0xFE else 2
        start = 6 if version == 1 else 10
        assert frame.version == version
        assert frame.payload == bytes(message.get_msgbuf()[start : start + header.mlen])
        decoded = decode_message(frame)
        if decoded is not None:
            assert_same_fields(decoded, message)
            typed += 1
    assert typed > 500


@pytest.mark.parametrize("flight", FLIGHTS)
def test_every_frame_that_is_read_is_one_to_pymavlink_too(real_data: Path, flight: str) -> None:
    data = path_of(real_data, flight).read_bytes()
    frames, _ = decode_ours(data)
    at = 0
    for frame in frames:
        assert frame.stamp_us is not None
        sender = bytes((frame.sequence, frame.system, frame.component))
        if frame.version == 1:
            head = 6
            start = bytes((0xFE, len(frame.payload))) + sender + bytes((frame.message_id,))
            pattern = re.escape(frame.stamp_us.to_bytes(STAMP_BYTES) + start + frame.payload)
        else:
            head = 10
            start = re.escape(frame.stamp_us.to_bytes(STAMP_BYTES) + bytes((0xFD, len(frame.payload)))) + b".."
            pattern = start + re.escape(sender + frame.message_id.to_bytes(3, "little") + frame.payload)
        found = re.compile(pattern, re.DOTALL).search(data, at)
        assert found is not None
        at = found.start() + STAMP_BYTES
        signature = 13 if frame.version == 2 and data[at + 2] & 1 else 0
        raw = data[at : at + head + len(frame.payload) + 2 + signature]
        message = dialect.MAVLink(None).decode(bytearray(raw))
        header = message.get_header()
        assert (header.msgId, header.srcSystem, header.srcComponent, header.seq) == (
            frame.message_id,
            frame.system,
            frame.component,
            frame.sequence,
        )
        assert raw[head : head + len(frame.payload)] == frame.payload


@pytest.mark.parametrize("flight", FLIGHTS)
def test_a_file_read_in_any_pieces_gives_the_same_frames(real_data: Path, flight: str) -> None:
    data = path_of(real_data, flight).read_bytes()
    whole, _ = decode_ours(data)
    for size in (1, 7, 1400) if len(data) < 100_000 else (777, 65_536):
        decoder = FrameDecoder(stamped=True)
        frames = [frame for at in range(0, len(data), size) for frame in decoder.feed(data[at : at + size])]
        assert frames + decoder.finish() == whole


def test_what_is_bad_or_unknown_in_the_files_is_counted(real_data: Path) -> None:
    _, decoder = decode_ours(path_of(real_data, "mavometer_test").read_bytes())
    assert decoder.counters()["unknown_id"] == 1
    _, decoder = decode_ours(path_of(real_data, "ardusub_small").read_bytes())
    assert decoder.counters()["bad_crc"] == 4
    _, decoder = decode_ours(path_of(real_data, "phoenix_mission2").read_bytes())
    assert decoder.counters()["duplicate"] == 1383  # the radio says RADIO and RADIO_STATUS under one number
    assert decoder.lost[1, 1] == 103


def test_phoenix_gives_1616_positions_in_vehicle_utc(real_data: Path) -> None:
    sink, source = play(real_data, "phoenix_mission2")
    positions = positions_of(sink)
    times = [row.time_ms for row in positions]
    assert len(positions) == 1616
    assert len(set(times)) == 1616
    assert times == sorted(times)
    assert {row.clock for row in sink.readings if row.source.kind == "drone"} == {Clock.GPS}
    assert track_m(positions) == pytest.approx(1392, rel=0.01)
    drone, radio = source.report().devices
    assert drone.device.startswith("log-")
    assert drone.device.endswith(".sys1")
    # The radio has no clock: what it says of the link stands at the recorder's time, under its own name.
    assert radio.device.endswith(".radio51")
    assert radio.clocks.keys() == {Clock.ARRIVAL}


def test_phoenix_stamps_agree_with_the_vehicles_own_utc_and_not_with_the_recorders(real_data: Path) -> None:
    """SYSTEM_TIME is the only UTC of the vehicle: each stamp is boot time plus what the pairs around it say."""
    sink, _ = play(real_data, "phoenix_mission2")
    stamps = [row.time_ms for row in positions_of(sink)]
    boots: list[int] = []
    recorded_ms: list[int] = []
    pairs: list[tuple[int, float]] = []
    for stamp_us, message in decode_theirs(path_of(real_data, "phoenix_mission2").read_bytes()):
        if message.get_type() == "GLOBAL_POSITION_INT":
            boots.append(message.time_boot_ms)
            recorded_ms.append(stamp_us // 1000)
        elif message.get_type() == "SYSTEM_TIME" and message.time_unix_usec:
            pairs.append((message.time_boot_ms, message.time_unix_usec / 1000 - message.time_boot_ms))
    for stamp_ms, boot_ms, at_ms in zip(stamps, boots, recorded_ms, strict=True):
        near = [offset_ms for pair_ms, offset_ms in pairs if abs(pair_ms - boot_ms) < 10_000]
        assert abs(stamp_ms - boot_ms - sum(near) / len(near)) < 25
        assert 7_000 < at_ms - stamp_ms < 12_000
    # No step: what lies between two stamps is what lies between their boot times, within the 1 % slew.
    for (stamp_1, stamp_2), (boot_1, boot_2) in zip(itertools.pairwise(stamps), itertools.pairwise(boots), strict=True):
        assert abs((stamp_2 - stamp_1) - (boot_2 - boot_1)) <= max(2, 0.011 * (boot_2 - boot_1))


@pytest.mark.parametrize("flight", FLIGHTS)
def test_rows_are_unique_known_and_never_at_nought_nought(real_data: Path, flight: str) -> None:
    sink, source = play(real_data, flight)
    seen: set[tuple[str, str, int]] = set()
    assert sink.readings
    for row in sink.readings:
        values = row.values
        assert (values.get("latitude_deg"), values.get("longitude_deg")) != (0.0, 0.0)
        assert (values.get("gps_latitude_deg"), values.get("gps_longitude_deg")) != (0.0, 0.0)
        for channel, value in values.items():
            quantity = quantity_of(channel)
            assert quantity is not None, channel
            assert value is None or math.isfinite(value)
            key = (row.source.device, channel, row.time_ms)
            assert key not in seen
            seen.add(key)
    assert source.report().complete
    assert len({row.source.device for row in sink.readings if row.source.kind == "drone"}) == 1


@pytest.mark.parametrize("flight", FLIGHTS)
def test_a_second_import_says_exactly_the_same(real_data: Path, flight: str) -> None:
    first, _ = play(real_data, flight)
    second, _ = play(real_data, flight)
    assert (first.readings, first.events, first.descriptors) == (second.readings, second.events, second.descriptors)


def test_ardusub_never_knows_its_utc_and_is_stamped_by_the_recorder(real_data: Path) -> None:
    sink, source = play(real_data, "ardusub_small")
    assert {row.clock for row in sink.readings} == {Clock.ARRIVAL}
    report = source.report()
    assert report.recorder_first_ms is not None
    assert report.recorder_last_ms is not None
    for row in sink.readings:
        assert report.recorder_first_ms <= row.time_ms <= report.recorder_last_ms + 100
    # Companions (1, 100), (1, 194), (1, 220) and the ground station are no vehicles.
    assert {row.source.device for row in sink.readings} == {"uav-653262356535646236303435343364656162"}


def test_mavometer_is_a_px4_whose_uid_stands_behind_a_bad_byte(real_data: Path) -> None:
    """pymavlink's parser loses the AUTOPILOT_VERSION behind the bad bytes; a rescan finds it."""
    sink, _ = play(real_data, "mavometer_test")
    assert {row.source.device for row in sink.readings} == {"uav-000200000000323634353237511800450028"}
    # It never says that it has a fix, so its UTC is not called a satellite clock.
    assert {row.clock for row in sink.readings} == {Clock.RTC}
    assert sink.descriptors[-1].model == "PX4 quadrotor"
