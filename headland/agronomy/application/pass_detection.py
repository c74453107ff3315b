"""Detection of passes in telemetry: when product left a vehicle over a field, and the segments in between.

    product leaving --> stretches --> those with short breaks are one run --> a run over the field is a pass

Refills, battery changes and silences belong to a pass. A return that treats mostly ground that the pass has treated
already is another pass. Each segment has its class of evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.application.metering import REFILL_KG, HopperWeights
from headland.agronomy.application.swaths import MAX_STATE_GAP_S, MAX_TRACK_GAP_S, Track, find_on_time
from headland.agronomy.application.treated import (
    COVERAGE_BAR,
    DECLARED,
    MEASURED_FLOW,
    PUMP_PWM,
    TANK_MASS,
    FlowSamples,
    PumpStates,
    find_spraying,
    find_working_time,
)
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Mask, Values, require
from headland.agronomy.series.intervals import Intervals, bridge, clip, subtract, union, within_s

#: Longest break within a run of work: a refill, a change of battery, a short rest.
JOIN_S: Final = 1800.0
#: Shortest break after which a return may be another pass.
BREAK_S: Final = 30.0
#: Share of a return's ground, treated before, from which on it is another pass.
_AGAIN: Final = 0.5
_AGAIN_CELL_M: Final = 2.0
#: Shortest work over the field that is a pass; less is a test of the pump or a stray swath of a neighbour.
_LEAST_WORK_S: Final = 5.0
#: Speed and duration from which on a vehicle has stopped.
_STOPPED_M_S: Final = 0.5
_STOPPED_S: Final = 5.0
#: Longest turn; a longer one is a transit.
_TURN_S: Final = 30.0
#: Longest leg before the first and after the last product of a pass.
_LEG_S: Final = 900.0
_RETURN_MODES: Final = frozenset({"RTL", "SMART_RTL", "AUTO_RTL", "LAND"})


@dataclass(frozen=True, slots=True)
class VehicleTelemetry:
    """Telemetry of one vehicle in a window, any of it empty; `modes` are (time_ms, flight mode) in time order."""

    track: Track
    pump: PumpStates
    flow: FlowSamples
    hopper: HopperWeights
    modes: tuple[tuple[int, str], ...] = ()

    @property
    def window(self) -> tuple[int, int]:
        """The time from the first position to just after the last."""
        return int(self.track.time_ms[0]), int(self.track.time_ms[-1]) + 1


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a pass.

    kind
        `work` (product leaves over the field), `off_field` (product leaves elsewhere), `turn`, `transit`, `return`
        (RTL), `refill` (stopped while the hopper gets heavier), `stop` (stopped), `silence` (no positions).
    evidence
        Class of evidence that product left, or that none did: `measured_flow`, `tank_mass`, `pump_pwm`, or `declared`
        without telemetry of the machine; None in silence.
    """

    kind: Annotated[str, "work, off_field, turn, transit, return, refill, stop or silence."]
    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, epoch milliseconds UTC."]
    length_m: Annotated[float, "Length of the way."]
    evidence: Annotated[str | None, "measured_flow, tank_mass, pump_pwm, declared; null in a silence."]


@dataclass(frozen=True, slots=True)
class DetectedPass:
    """A pass over a field from the first product to the last; `segments` also hold the legs before and after."""

    start_ms: int
    end_ms: int
    evidence: str
    segments: tuple[Segment, ...]


def detect_passes(
    vehicle: VehicleTelemetry, field: shapely.Geometry, plane: Plane, swath_m: float
) -> list[DetectedPass]:
    """Return the passes over a field [metres of `plane`] with a swath of `swath_m` [m, > 0], in time order."""
    require("swath_m", swath_m, above=0.0)
    if len(vehicle.track.time_ms) < 2:
        return []
    spraying = release_time(vehicle)
    ground = _FieldTrack(vehicle, field.buffer(swath_m / 2.0), plane)
    passes = []
    for run in _join_runs(spraying):
        for part in _split_repeats(run, ground, swath_m):
            over = _only_over_field(part, ground)
            if over is not None:
                passes.append(describe_pass(vehicle, over, field, plane, swath_m))
    return passes


def release_time(vehicle: VehicleTelemetry) -> Intervals:
    """Return when product left, as far as known: by the meter, else while the pump or feeder was on."""
    times = [vehicle.track.time_ms, vehicle.pump.time_ms, vehicle.flow.time_ms]
    working = find_working_time(times, np.empty((0, 2)), vehicle.window)
    spraying = find_spraying(vehicle.pump, vehicle.flow, vehicle.window, working)[0]
    if len(vehicle.pump.time_ms) < 2:
        return spraying
    # Where the pump's state is unknown only the meter counts.
    metered = find_on_time(vehicle.flow.time_ms, vehicle.flow.per_min >= vehicle.flow.dry_per_min)
    return union(spraying, clip(subtract(metered, bridge(vehicle.pump.time_ms, MAX_STATE_GAP_S)), *vehicle.window))


def travel_time(vehicle: VehicleTelemetry, field: shapely.Geometry, plane: Plane, swath_m: float) -> Intervals:
    """Return when the vehicle moved over a field, the only evidence without telemetry of its machine."""
    if len(vehicle.track.time_ms) < 2:
        return np.empty((0, 2))
    return _FieldTrack(vehicle, field.buffer(swath_m / 2.0), plane).travelling()


def describe_pass(
    vehicle: VehicleTelemetry, stretches: Intervals, field: shapely.Geometry, plane: Plane, swath_m: float
) -> DetectedPass:
    """Return a pass with its segments; product left in `stretches` (k, 2), k from 1."""
    ground = _FieldTrack(vehicle, field.buffer(swath_m / 2.0), plane)
    first, last = ground.legs(float(stretches[0, 0]), float(stretches[-1, 1]))
    edges = [first, *stretches.ravel().tolist(), last]
    segments: list[Segment] = []
    for number, (start, end) in enumerate(pairwise(edges)):
        if end > start:
            is_leg = number in {0, len(edges) - 2}
            segments.extend(ground.work(start, end) if number % 2 else ground.between(start, end, is_leg=is_leg))
    classes = [s.evidence for s in segments if s.kind in {"work", "off_field"} and s.evidence]
    weakest = max(classes, key=(MEASURED_FLOW, TANK_MASS, PUMP_PWM, DECLARED).index, default=DECLARED)
    return DetectedPass(round(stretches[0, 0]), round(stretches[-1, 1]), weakest, tuple(segments))


def _join_runs(stretches: Intervals) -> list[Intervals]:
    """Group stretches whose breaks are at most `JOIN_S` long."""
    if not len(stretches):
        return []
    cuts = np.flatnonzero(stretches[1:, 0] - stretches[:-1, 1] > JOIN_S * 1000.0) + 1
    return [np.asarray(run) for run in np.split(stretches, cuts)]


def _split_repeats(run: Intervals, ground: _FieldTrack, swath_m: float) -> list[Intervals]:
    """Cut a run where the work after a break repeats the work before it."""
    cuts = np.flatnonzero(run[1:, 0] - run[:-1, 1] >= BREAK_S * 1000.0) + 1
    passes: list[list[Intervals]] = []
    treated: NDArray[np.int64] = np.empty(0, np.int64)
    for sortie in np.split(run, cuts):
        cells = ground.cells(sortie, swath_m)
        if passes and len(np.intersect1d(cells, treated)) <= _AGAIN * len(cells):
            passes[-1].append(sortie)
            treated = np.union1d(treated, cells)
        else:
            passes.append([sortie])
            treated = cells
    return [np.concatenate(sorties) for sorties in passes]


def _only_over_field(stretches: Intervals, ground: _FieldTrack) -> Intervals | None:
    """Return the stretches from the first to the last over the field, None where they are too little work."""
    inside_s = np.array([ground.inside_s(start, end) for start, end in stretches])
    over = np.flatnonzero(inside_s > 0.0)
    if inside_s.sum() < _LEAST_WORK_S:
        return None
    return np.asarray(stretches[over[0] : over[-1] + 1])


class _FieldTrack:
    """One vehicle's track over one field, for queries about stretches of time in epoch milliseconds."""

    def __init__(self, vehicle: VehicleTelemetry, near: shapely.Geometry, plane: Plane) -> None:
        track = vehicle.track
        self._vehicle = vehicle
        self._time = track.time_ms.astype(np.float64)
        self._east, self._north = plane.to_metres(track.latitude_deg, track.longitude_deg)
        shapely.prepare(near)
        self._near = shapely.contains_xy(near, self._east, self._north)
        self._located = bridge(track.time_ms, MAX_TRACK_GAP_S)
        step_s = np.diff(self._time) / 1000.0
        step_m = np.hypot(np.diff(self._east), np.diff(self._north))
        self._travelled_m = np.concatenate(([0.0], np.cumsum(step_m)))
        slow = step_m < _STOPPED_M_S * step_s
        self._stopped = _long_enough(self._time, slow & (step_s <= MAX_TRACK_GAP_S))
        self._flowing = bridge(vehicle.flow.time_ms, 5.0)
        self._weighed = bridge(vehicle.hopper.time_ms, 5.0)

    def inside_s(self, start: float, end: float) -> float:
        """Return the time of a stretch in which the vehicle was over the field or within half a swath of it [s]."""
        at = self._at(start, end)
        return float(self._near[at].mean()) * (end - start) / 1000.0 if at.stop > at.start else 0.0

    def cells(self, stretches: Intervals, swath_m: float) -> NDArray[np.int64]:
        """Return the numbers of the cells of a coarse grid that stretches cover."""
        cells = [np.empty(0, np.int64)]
        across = np.arange(-swath_m / 2, swath_m / 2 + 0.01, _AGAIN_CELL_M / 2)
        for start, end in stretches:
            at = self._at(start, end)
            east, north = self._east[at], self._north[at]
            if len(east) < 2:
                continue
            step_east, step_north = np.gradient(east), np.gradient(north)
            length = np.maximum(np.hypot(step_east, step_north), 1e-9)
            column = np.floor((east + np.outer(across, step_north / length)) / _AGAIN_CELL_M).astype(np.int64)
            row = np.floor((north - np.outer(across, step_east / length)) / _AGAIN_CELL_M).astype(np.int64)
            cells.append(np.unique(row * 1_000_003 + column))
        return np.unique(np.concatenate(cells))

    def travelling(self) -> Intervals:
        """Return when the vehicle was over the field and moved."""
        over = find_on_time(self._vehicle.track.time_ms, self._near, MAX_TRACK_GAP_S)
        return subtract(over, self._stopped)

    def legs(self, start: float, end: float) -> tuple[float, float]:
        """Return the start of the leg to the first product and the end of the leg after the last."""
        located = self._located[(self._located[:, 0] <= start) & (self._located[:, 1] >= start)]
        first = max(start - _LEG_S * 1000.0, *located[:, 0].tolist()) if len(located) else start
        stops_before = self._stopped[self._stopped[:, 1] <= start]
        located = self._located[(self._located[:, 0] <= end) & (self._located[:, 1] >= end)]
        last = min(end + _LEG_S * 1000.0, *located[:, 1].tolist()) if len(located) else end
        stops_after = self._stopped[self._stopped[:, 0] >= end]
        return (
            min(start, max(first, *stops_before[-1:, 1].tolist())) if len(stops_before) else first,
            max(end, min(last, *stops_after[:1, 0].tolist())) if len(stops_after) else last,
        )

    def work(self, start: float, end: float) -> list[Segment]:
        """Return the segments of a stretch in which product left: over the field and elsewhere."""
        at = self._at(start, end)
        near = self._near[at]
        if not len(near):
            return [self._segment("silence", start, end)]
        turns = np.flatnonzero(np.diff(near.astype(np.int8))) + 1
        edges = [start, *self._time[at][turns].tolist(), end]
        starts = [0, *turns.tolist()]
        return [
            self._segment("work" if near[first] else "off_field", low, high)
            for first, low, high in zip(starts, edges, edges[1:], strict=False)
            if high > low
        ]

    def between(self, start: float, end: float, *, is_leg: bool) -> list[Segment]:
        """Return the segments of a stretch without product: between two stretches of work, or a leg to or from them."""
        changes = np.concatenate((self._stopped, self._located)).ravel()
        inner = changes[(changes > start) & (changes < end)]
        edges = sorted({start, *inner.tolist(), end})
        may_turn = not is_leg and len(edges) == 2 and end - start <= _TURN_S * 1000.0
        return [
            self._segment(self._idle_kind(low, high, may_turn=may_turn), low, high) for low, high in pairwise(edges)
        ]

    def _idle_kind(self, start: float, end: float, *, may_turn: bool) -> str:
        if within_s(self._located, start, end) * 2000.0 < end - start:
            return "silence"
        if within_s(self._stopped, start, end) * 2000.0 >= end - start:
            return "refill" if self._rose(start, end) else "stop"
        if self._mode_at((start + end) / 2.0) in _RETURN_MODES:
            return "return"
        return "turn" if may_turn else "transit"

    def _rose(self, start: float, end: float) -> bool:
        hopper = self._vehicle.hopper
        inside = (hopper.time_ms >= start) & (hopper.time_ms <= end)
        weights = hopper.mass_kg[inside]
        return len(weights) >= 2 and float(weights.max() - weights[: max(len(weights) // 10, 1)].min()) >= REFILL_KG

    def _mode_at(self, moment: float) -> str:
        before = [mode for time_ms, mode in self._vehicle.modes if time_ms <= moment]
        return before[-1] if before else ""

    def _segment(self, kind: str, start: float, end: float) -> Segment:
        first_m, last_m = np.interp((start, end), self._time, self._travelled_m).tolist()
        evidence = None if kind == "silence" else self._evidence(start, end)
        return Segment(kind, round(start), round(end), last_m - first_m, evidence)

    def _evidence(self, start: float, end: float) -> str:
        known = ((MEASURED_FLOW, self._flowing), (TANK_MASS, self._weighed))
        for evidence, covered in known:
            if within_s(covered, start, end) >= COVERAGE_BAR * (end - start) / 1000.0:
                return evidence
        return PUMP_PWM if len(self._vehicle.pump.time_ms) >= 2 else DECLARED

    def _at(self, start: float, end: float) -> slice:
        first, last = np.searchsorted(self._time, (start, end), side="left").tolist()
        return slice(first, max(last, first + 1) if last < len(self._time) else last)


def _long_enough(time: Values, holds: Mask) -> Intervals:
    """Return the stretches of `_STOPPED_S` or longer in which a condition holds between neighbouring samples."""
    edges = np.diff(np.concatenate(([False], holds, [False])).astype(np.int8))
    stretches = np.column_stack((time[np.flatnonzero(edges == 1)], time[np.flatnonzero(edges == -1)]))
    return stretches[stretches[:, 1] - stretches[:, 0] >= _STOPPED_S * 1000.0]
