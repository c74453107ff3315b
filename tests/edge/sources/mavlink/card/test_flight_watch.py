from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from edge.sources.mavlink.card.flight import Edge, Flight, intervals_by_channel
from edge.sources.mavlink.card.flight_watch import FlightWatch
from edge.sources.source import DeviceId, Readings
from headland.contract.records import Clock

DEVICE = DeviceId("uav-1", "drone", "home")
T0_MS = 1_795_000_000_000
POSITION = ("latitude_deg", "longitude_deg")


class Link:
    """A vehicle that sends positions ten times a second and its battery once; times are seconds since its boot."""

    def __init__(self, watch: FlightWatch | None = None) -> None:
        self.watch = FlightWatch("uav-1", 2000) if watch is None else watch
        self.offset_ms = T0_MS
        self.run = "1.0"
        self.ended: list[Flight] = []

    def send(self, begin_s: float, end_s: float, *, armed: bool, battery: bool = True, position: bool = True) -> None:
        for tenth in range(round(begin_s * 10), round(end_s * 10)):
            runs: list[Readings] = []
            if position:
                runs.append(self.rows(POSITION, [tenth * 100]))
            if battery and tenth % 10 == 0:
                runs.append(self.rows(("battery_voltage_v",), [tenth * 100 + 3]))
            self.note(runs, tenth * 100, armed=armed)

    def note(self, runs: Sequence[Readings], boot_ms: int, *, armed: bool) -> None:
        edge = Edge(boot_ms + self.offset_ms, boot_ms, "gps", self.run)
        ended = self.watch.note(runs, edge, armed=armed)
        self.ended += [] if ended is None else [ended]

    def rows(self, channels: Sequence[str], boot_times_ms: Sequence[int]) -> Readings:
        times_ms = [boot_ms + self.offset_ms for boot_ms in boot_times_ms]
        return Readings(DEVICE, Clock.GPS, times_ms, {channel: [30.0] * len(times_ms) for channel in channels})

    @property
    def flight(self) -> Flight:
        (flight,) = self.ended
        return flight


def gaps_s(flight: Flight) -> list[tuple[float, float]]:
    return [((gap.before.boot_ms) / 1000, (gap.after.boot_ms) / 1000) for gap in flight.gaps]


def coverage_s(flight: Flight) -> tuple[float, float, float]:
    live_ms, healed_ms, left_ms = flight.coverage_ms()
    return live_ms / 1000, healed_ms / 1000, left_ms / 1000


def test_a_flight_that_came_whole_has_no_gap() -> None:
    link = Link()
    link.send(0, 5, armed=False)
    link.send(5, 65, armed=True)
    link.send(65, 66, armed=False)
    assert gaps_s(link.flight) == []
    assert coverage_s(link.flight) == (60.0, 0.0, 0.0)


def test_a_silence_is_a_gap_and_each_channel_has_its_own() -> None:
    link = Link()
    link.send(0, 30.5, armed=True)
    link.send(40.2, 60, armed=True)
    link.send(60, 61, armed=False)
    assert gaps_s(link.flight) == [(30.4, 40.2)]
    live_s, healed_s, left_s = coverage_s(link.flight)
    assert (healed_s, left_s) == (0.0, 9.8)
    assert live_s == pytest.approx(60 - 9.8)
    (gap,) = link.flight.gaps
    by_channel = intervals_by_channel(gap.silences)
    assert by_channel["latitude_deg"] == [(T0_MS + 30_400, T0_MS + 40_200)]
    assert by_channel["battery_voltage_v"] == [(T0_MS + 30_400, T0_MS + 40_200)]
    assert gap.silences[0].intervals == [(T0_MS + 30_400, T0_MS + 40_200)]
    assert gap.before.latitude_deg == 30.0


def test_what_went_on_while_positions_were_silent_is_not_taken_from_the_log() -> None:
    link = Link()
    link.send(0, 30, armed=True)
    link.send(30, 40, armed=True, position=False)
    link.send(40, 50, armed=True)
    link.send(50, 51, armed=False)
    (gap,) = link.flight.gaps
    by_channel = intervals_by_channel(gap.silences)
    assert by_channel["latitude_deg"] == [(T0_MS + 29_900, T0_MS + 40_000)]
    assert by_channel["battery_voltage_v"] == []
    assert gap.silences[0].intervals == []


def test_a_clock_that_is_set_is_no_gap() -> None:
    link = Link()
    link.send(0, 30, armed=True)
    link.offset_ms += 25_000
    link.send(30, 60, armed=True)
    link.send(60, 61, armed=False)
    assert gaps_s(link.flight) == []


def test_a_flight_that_began_in_a_silence_begins_with_it() -> None:
    link = Link()
    link.send(0, 10, armed=False)
    link.send(25, 25.5, armed=False)  # rows come before the first heartbeat
    link.send(25.5, 40, armed=True)
    link.send(40, 41, armed=False)
    assert gaps_s(link.flight) == [(9.9, 25.0)]
    assert link.flight.start_ms == T0_MS + 9900


def test_a_silence_on_the_ground_is_no_part_of_the_next_flight() -> None:
    link = Link()
    link.send(0, 10, armed=False)
    link.send(30, 60, armed=False)
    link.send(60, 80, armed=True)
    link.send(80, 81, armed=False)
    assert gaps_s(link.flight) == []
    assert link.flight.start_ms >= T0_MS + 60_000


def test_a_flight_that_ended_in_a_silence_ends_with_it() -> None:
    link = Link()
    link.send(0, 20, armed=True)
    link.send(35, 36, armed=False)
    assert gaps_s(link.flight) == [(19.9, 35.0)]
    assert link.flight.end_ms == pytest.approx(T0_MS + 35_000, abs=5)


def test_a_restart_of_the_autopilot_in_a_gap_is_known_by_its_time_since_boot() -> None:
    link = Link()
    link.send(0, 30, armed=True)
    link.offset_ms += 34_000
    link.run = "1.1"
    link.send(4, 20, armed=True)
    link.send(20, 21, armed=False)
    (gap,) = link.flight.gaps
    assert not gap.is_one_boot
    assert (gap.before.boot_ms, gap.after.boot_ms) == (29_900, 4000)
    assert gap.duration_ms == 8100


def test_rows_that_come_late_take_their_times_out_of_the_silence() -> None:
    link = Link()
    link.send(0, 30, armed=True)
    link.send(40, 41, armed=True)
    link.note([link.rows(POSITION, [35_000])], 41_000, armed=True)
    link.send(41, 50, armed=True)
    link.send(50, 51, armed=False)
    (gap,) = link.flight.gaps
    by_channel = intervals_by_channel(gap.silences)
    assert by_channel["latitude_deg"] == [(T0_MS + 29_900, T0_MS + 35_000), (T0_MS + 35_000, T0_MS + 40_000)]


@pytest.mark.parametrize("margin_ms", [0, 2000])
def test_a_flight_goes_on_after_a_restart_of_the_gateway(margin_ms: int) -> None:
    link = Link()
    link.send(0, 30, armed=True)
    flight = link.watch.snapshot()
    kept = msgspec.json.decode(msgspec.json.encode(flight), type=Flight)
    watch = FlightWatch("uav-1", 2000)
    watch.resume(kept, margin_ms)
    again = Link(watch)
    again.run = "2.0"
    again.send(45, 60, armed=True)
    again.send(60, 61, armed=False)
    (gap,) = again.flight.gaps
    assert gap.is_one_boot
    assert (gap.before.boot_ms, gap.after.boot_ms) == (29_900 + margin_ms, 45_000)
    assert intervals_by_channel(gap.silences)["latitude_deg"] == [(T0_MS + 29_900 + margin_ms, T0_MS + 45_000)]
    assert again.flight.start_ms == pytest.approx(T0_MS, abs=5)
    assert sum(again.flight.coverage_ms()) == again.flight.until_ms - again.flight.start_ms


def test_flights_and_gaps_are_bounded() -> None:
    link = Link()
    for number in range(260):
        link.send(4 * number, 4 * number + 1, armed=True)
    link.send(1040, 1041, armed=False)
    assert len(link.flight.gaps) == 200
    assert sum(coverage_s(link.flight)) == pytest.approx((link.flight.until_ms - link.flight.start_ms) / 1000)
    assert coverage_s(link.flight)[2] == pytest.approx(260 * 3.1, abs=4)
