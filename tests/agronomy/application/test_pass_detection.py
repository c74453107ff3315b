import numpy as np
import pytest
import shapely

from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_detection import DetectedPass, VehicleTelemetry, detect_passes
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import FlowSamples, PumpStates
from headland.agronomy.geometry.local_plane import Plane

PLANE = Plane(32.0, 119.0)
FIELD = shapely.box(0.0, 0.0, 200.0, 50.0)
START_MS = 1_790_000_000_000
HOME = (-30.0, 2.5)

Place = tuple[float, float]


class Flight:
    """A vehicle that goes from place to place at 5 m/s, told ten times a second."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float, bool, float]] = []
        self.modes: list[tuple[int, str]] = []
        self._now_s, self._here, self._hopper_kg = 0.0, HOME, 50.0

    def go(self, to: Place, *, on: bool = False) -> None:
        start = np.array(self._here)
        leg = np.array(to) - start
        for step in range(round(float(np.hypot(*leg)) / 0.5)):
            place = start + leg * (step * 0.5 / float(np.hypot(*leg)))
            self._hopper_kg -= 0.02 if on else 0.0
            self._tell(place, on)
        self._here = to

    def stand(self, seconds: float, gain_kg: float = 0.0) -> None:
        for _ in range(round(seconds * 10)):
            self._hopper_kg += gain_kg / (seconds * 10)
            self._tell(np.array(self._here), on=False)

    def be_silent(self, seconds: float) -> None:
        self._now_s += seconds

    def switch(self, mode: str) -> None:
        self.modes.append((START_MS + round(self._now_s * 1000), mode))

    def sweep(self, norths: list[float]) -> None:
        for number, north in enumerate(norths):
            ends = [(0.0, north), (200.0, north)]
            first, last = ends if number % 2 == 0 else ends[::-1]
            self.go(first)
            self.go(last, on=True)

    def _tell(self, place: np.ndarray, on: bool) -> None:
        self.rows.append((self._now_s, float(place[0]), float(place[1]), on, self._hopper_kg))
        self._now_s += 0.1

    def telemetry(self, *, metered: bool = True, weighed: bool = True) -> VehicleTelemetry:
        time_s, east, north, on, weight = (np.array(column) for column in zip(*self.rows, strict=True))
        time_ms = START_MS + np.round(time_s * 1000).astype(np.int64)
        latitude, longitude = PLANE.to_degrees(east, north)
        none = np.empty(0, np.int64)
        flow = FlowSamples(
            time_ms if metered else none, np.where(on, 12.0, 0.0)[: len(time_ms) * metered], 0.5, "mass_flow_kg_min"
        )
        hopper = HopperWeights(time_ms if weighed else none, weight[: len(time_ms) * weighed])
        return VehicleTelemetry(
            Track(time_ms, latitude, longitude), PumpStates(time_ms, on), flow, hopper, tuple(self.modes)
        )


def passes_in(flight: Flight, **telemetry: bool) -> list[DetectedPass]:
    return detect_passes(flight.telemetry(**telemetry), FIELD, PLANE, 5.0)


def kinds(one: DetectedPass) -> list[str]:
    return [segment.kind for segment in one.segments]


def test_a_refill_belongs_to_a_pass_and_is_recognised() -> None:
    flight = Flight()
    flight.sweep([2.5, 7.5])
    flight.switch("RTL")
    flight.go(HOME)
    flight.stand(60.0, gain_kg=30.0)
    flight.switch("AUTO")
    flight.sweep([12.5, 17.5])
    flight.switch("RTL")
    flight.go(HOME)
    flight.stand(10.0)
    (one,) = passes_in(flight)
    assert kinds(one) == [
        "transit",
        "work",
        "turn",
        "work",
        "return",
        "refill",
        "transit",
        "work",
        "turn",
        "work",
        "return",
    ]
    assert {segment.evidence for segment in one.segments} == {"measured_flow"}
    assert sum(s.length_m for s in one.segments if s.kind == "work") == pytest.approx(800.0, rel=0.01)
    assert (one.segments[1].start_ms, one.segments[-2].end_ms) == (one.start_ms, one.end_ms)


def test_a_return_that_treats_the_same_ground_is_another_pass() -> None:
    flight = Flight()
    for _ in range(2):
        flight.sweep([2.5, 7.5, 12.5])
        flight.go(HOME)
        flight.stand(40.0)
    first, second = passes_in(flight)
    assert first.end_ms < second.start_ms
    # The same flight has the same passes, whoever asks and how often.
    assert [one.start_ms for one in passes_in(flight)] == [first.start_ms, second.start_ms]


def test_a_short_silence_belongs_to_a_pass_as_a_segment() -> None:
    flight = Flight()
    flight.sweep([2.5, 7.5])
    flight.be_silent(20.0)
    flight.sweep([12.5])
    (one,) = passes_in(flight)
    assert "silence" in kinds(one)
    assert next(s.evidence for s in one.segments if s.kind == "silence") is None


def test_work_hours_later_is_another_pass() -> None:
    flight = Flight()
    flight.sweep([2.5])
    flight.be_silent(3600.0)
    flight.sweep([7.5])
    assert len(passes_in(flight)) == 2


def test_product_that_leaves_off_the_field_is_no_work_on_it() -> None:
    flight = Flight()
    flight.go((0.0, 2.5), on=True)
    flight.go((200.0, 2.5), on=True)
    (one,) = passes_in(flight)
    assert kinds(one) == ["off_field", "work"]
    beside = Flight()
    beside.go((0.0, 500.0))
    beside.go((200.0, 500.0), on=True)
    assert passes_in(beside) == []


def test_the_class_of_evidence_follows_from_the_telemetry() -> None:
    flight = Flight()
    flight.sweep([2.5, 7.5])
    assert passes_in(flight, metered=False)[0].evidence == "tank_mass"
    assert passes_in(flight, metered=False, weighed=False)[0].evidence == "pump_pwm"


def test_a_vehicle_without_telemetry_has_no_pass() -> None:
    nobody = VehicleTelemetry(
        Track(np.empty(0, np.int64), np.empty(0), np.empty(0)),
        PumpStates(np.empty(0, np.int64), np.empty(0, np.bool_)),
        FlowSamples(np.empty(0, np.int64), np.empty(0), 0.5, "mass_flow_kg_min"),
        HopperWeights(np.empty(0, np.int64), np.empty(0)),
    )
    assert detect_passes(nobody, FIELD, PLANE, 5.0) == []
