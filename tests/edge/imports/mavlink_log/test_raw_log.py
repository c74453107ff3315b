from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.imports.mavlink_log.raw_log import RawLogSource, StreamClock
from edge.imports.mavlink_log.tlog import TlogSource
from headland.contract.records import Clock
from headland.errors import DataDamaged
from tests.edge.imports.mavlink_log.test_tlog import record
from tests.edge.sources.mavlink.stand_ins import NOON_MS, UID_A, Autopilot, Collector, frames_of, make_tlog
from tests.examples import examples


def play(path: Path, data: bytes) -> tuple[Collector, RawLogSource]:
    path.write_bytes(data)
    source, sink = RawLogSource(path, None, "gw-1", "home"), Collector()
    source.run(sink)
    return sink, source


@pytest.fixture
def rlog(tmp_path: Path) -> Path:
    return tmp_path / "flight.rlog"


def dump(frames: list[tuple[int, bytes]]) -> bytes:
    return b"".join(frame for _, frame in frames)


def test_rows_are_those_of_the_same_flight_with_stamps(rlog: Path) -> None:
    frames = record(Autopilot(), 60, uid2=UID_A)
    tlog = rlog.with_suffix(".tlog")
    tlog.write_bytes(make_tlog(frames))
    stamped = Collector()
    TlogSource(tlog, None, "gw-1", "home").run(stamped)
    sink, source = play(rlog, dump(frames))
    assert sink.readings == stamped.readings
    assert sink.descriptors[-1:] == stamped.descriptors[-1:]
    assert [row.time_ms for row in sink.readings if "latitude_deg" in row.values] == [
        NOON_MS + 20_000 + second * 1000 for second in range(60)
    ]
    report = source.report()
    assert (report.frames, report.rows) == (301, 180)


def test_a_flight_without_any_utc_is_left_out_and_counted(rlog: Path) -> None:
    sink, source = play(rlog, dump(record(Autopilot(), 20, utc=False)))
    assert (sink.readings, sink.events, sink.descriptors) == ([], [], [])
    report = source.report()
    assert report.rows == 0
    assert report.left_out["undated_rows"] == 60
    assert report.left_out["undated_events"] == 2


def test_of_two_vehicles_only_the_one_with_utc_is_imported(rlog: Path) -> None:
    with_utc, without = Autopilot(system=1), Autopilot(system=2, utc_at_boot_ms=NOON_MS - 500_000)
    frames = zip(record(with_utc, 30), record(without, 30, utc=False), strict=True)
    data = b"".join(mine[1] + theirs[1] for mine, theirs in frames)
    sink, source = play(rlog, data)
    prefix = f"log-{hashlib.sha256(data).hexdigest()[:12]}"
    assert {row.source.device for row in sink.readings} == {f"{prefix}.sys1"}
    assert {descriptor.device for descriptor in sink.descriptors} == {f"{prefix}.sys1"}
    assert {row.clock for row in sink.readings} == {Clock.GPS}
    assert len(sink.readings) == source.report().rows == 90
    assert source.report().left_out["undated_rows"] == 90


def test_a_restart_begins_a_session_with_its_own_utc(rlog: Path) -> None:
    pilot = Autopilot()
    first = record(pilot, 30)
    pilot.utc_at_boot_ms = NOON_MS + 95_000
    second = [frame for _, frame in record(pilot, 30)]
    data = dump(first) + b"".join(second)
    sink, _ = play(rlog, data)
    times = [row.time_ms for row in sink.readings if "latitude_deg" in row.values]
    assert times[:30] == [NOON_MS + 20_000 + 1000 * second for second in range(30)]
    assert times[30:] == [NOON_MS + 115_000 + 1000 * second for second in range(30)]
    assert sink.kinds().count("reboot") == 1


@given(st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=40)), max_size=8))
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_noise_dates_nothing_wrongly(rlog: Path, noise: list[tuple[int, bytes]]) -> None:
    frames = [frame for _, frame in record(Autopilot(), 20)]
    for at, junk in noise:
        frames.insert(at % len(frames), junk)
    sink, source = play(rlog, b"".join(frames))
    true_ms = {NOON_MS + 20_000 + second * 1000 for second in range(20)}
    positions = [row.time_ms for row in sink.readings if "latitude_deg" in row.values]
    assert set(positions) <= true_ms
    # Junk that looks like the beginning of a frame can only hide the length that it claims.
    assert len(positions) >= 20 - 3 * len(noise)
    again, _ = play(rlog, rlog.read_bytes())
    assert again.readings == sink.readings
    assert source.report().complete


def test_a_dump_without_a_frame_is_refused(rlog: Path) -> None:
    for data in (b"", b"nothing of a vehicle" * 50):
        with pytest.raises(DataDamaged, match=r"flight\.rlog holds no MAVLink frame"):
            play(rlog, data)


def test_the_stream_s_clock_goes_on_as_the_vehicles_do_and_never_back() -> None:
    pilot, other, clock = Autopilot(), Autopilot(system=2), StreamClock(lambda _system, _component: True)
    data = b"".join(
        (
            pilot.attitude(5_000), pilot.attitude(6_000), other.attitude(700_000), other.attitude(700_500),
            pilot.attitude(8_000), other.attitude(702_500), pilot.attitude(3_900_000_000), pilot.attitude(8_100),
            pilot.attitude(100), pilot.attitude(200), pilot.attitude(300), pilot.attitude(400),
        )
    )  # fmt: skip
    times_ms = [clock.observe(frame) for frame in frames_of(data)]
    assert times_ms == [0, 1000, 1000, 1500, 3000, 3500, 3500, 3500, 3500, 3500, 3500, 3600]


def test_a_start_dates_what_has_no_time_of_its_own(rlog: Path) -> None:
    data = dump(record(Autopilot(), 60, utc=False))
    assert play(rlog, data)[0].readings == []
    source, sink = RawLogSource(rlog, None, "gw-1", "home", start_ms=NOON_MS), Collector()
    source.run(sink)
    positions = [row for row in sink.readings if "latitude_deg" in row.values]
    assert [row.time_ms - positions[0].time_ms for row in positions] == [1000 * second for second in range(60)]
    assert 0 <= positions[0].time_ms - NOON_MS < 200
    assert {row.clock for row in sink.readings} == {Clock.ARRIVAL}
    assert source.report().notes == (
        "what has no time of its own in it is dated by the given start, 2024-06-01 06:00:00 UTC at its first byte",
    )


@pytest.mark.parametrize(("system", "component"), [(0, 1), (1, 50), (3, 250)])
def test_a_dump_of_an_autopilot_at_any_address_is_imported_whole(rlog: Path, system: int, component: int) -> None:
    sink, source = play(rlog, dump(record(Autopilot(system, component), 30, uid2=UID_A)))
    assert len([row for row in sink.readings if "latitude_deg" in row.values]) == 30
    assert {(row.source.device, row.clock) for row in sink.readings} == {("uav-a1b2c3", Clock.GPS)}
    assert source.report().notes == ()
