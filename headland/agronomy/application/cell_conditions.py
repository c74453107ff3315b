"""Under which conditions each cell of an as-applied map got what it got: speed, wind, flow, hopper, swaths, breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import AsApplied, Machine, WindDrift, deposit_total, outlet_track
from headland.agronomy.application.coverage import MAX_STATE_GAP_S, Track, draw_swaths, find_on_time, find_passes
from headland.agronomy.application.deviation import GUST_M_S, Conditions
from headland.agronomy.application.pass_detection import DetectedPass, VehicleTelemetry
from headland.agronomy.application.released import Released
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import Outline, rasterise
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.intervals import Intervals, clip, intersect, subtract, total_s

#: The speed of a moment is over this much time around it, so that the jitter of positions is no speed.
_SPEED_S = 1.0
#: A machine is dry when its meter says so for this long: a flow builds up and dies away.
_DRY_S = 2.0
#: A gust shorter than this moves a few metres of a swath.
_GUST_S = 3.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Something that may have spoilt a part of a pass: `gust` (`value` in m/s), `refill` (kg or L) or `dry` (s)."""

    kind: str
    start_ms: int
    end_ms: int
    value: float


def map_conditions(
    told: VehicleTelemetry,
    found: DetectedPass,
    released: Released,
    stretches: Intervals,
    drawn: AsApplied,
    outline: Outline,
    plane: Plane,
    machine: Machine,
    air: WindDrift,
) -> Conditions:
    """Return the conditions on the cells of an as-applied map."""
    track, grid = told.track, drawn.grid
    way = outlet_track(track, plane, machine, air)
    mass = np.zeros(len(track.time_ms))
    for total in released.totals.values():
        mass += np.maximum.accumulate(total - total[0])
    laid = deposit_total(way, mass, machine, grid).mass_kg
    step = np.diff(mass, prepend=mass[:1])

    def mean(time_ms: NDArray[np.int64], values: Values) -> Values:
        if not len(time_ms):
            return np.full(laid.shape, np.nan)
        weighted = np.cumsum(step * np.interp(track.time_ms, time_ms, values))
        summed = deposit_total(way, weighted, machine, grid).mass_kg
        return np.asarray(np.divide(summed, laid, out=np.full(laid.shape, np.nan), where=laid > 1e-9), np.float64)

    seconds = track.time_ms / 1000.0
    flow_per_min = np.gradient(mass, seconds) * 60.0
    lines = find_passes(track, stretches + machine.latency_s * 1000.0, (plane.latitude_deg, plane.longitude_deg))
    covers = np.zeros(laid.shape, np.int64)
    for swath in draw_swaths(lines, machine.swath_m):
        covers += rasterise(swath, grid)
    inner = rasterise(outline.whole.buffer(-machine.swath_m / 2.0), grid)
    return Conditions(
        covers=covers,
        edge_m=np.where(inner, np.inf, 0.0),
        refill_m=_to_breaks(found, drawn, track, plane),
        speed_m_s=mean(track.time_ms, speed_of(track, plane)),
        wind_m_s=mean(air.time_ms, air.wind_m_s),
        flow_per_min=mean(track.time_ms, flow_per_min),
        hopper_kg=mean(told.hopper.time_ms, told.hopper.mass_kg),
        dry=_map_dry(told, stretches, drawn, plane, machine),
    )


def list_disturbances(
    told: VehicleTelemetry, found: DetectedPass, stretches: Intervals, air: WindDrift
) -> list[Disturbance]:
    """Return the gusts, refills and dry stretches of a pass in time order."""
    happenings = [
        Disturbance("refill", each.start_ms, each.end_ms, _gained(told, each.start_ms, each.end_ms))
        for each in found.segments
        if each.kind == "refill"
    ]
    if len(air.time_ms) >= 2 and len(stretches):
        inside = (air.time_ms >= stretches[0, 0]) & (air.time_ms <= stretches[-1, 1])
        usual = float(np.median(air.wind_m_s[inside])) if inside.any() else np.inf
        gusts = find_on_time(air.time_ms, air.wind_m_s >= usual + GUST_M_S)
        for start, end in clip(gusts, stretches[0, 0], stretches[-1, 1]):
            if end - start >= _GUST_S * 1000.0:
                at = (air.time_ms >= start) & (air.time_ms <= end)
                happenings.append(Disturbance("gust", round(start), round(end), float(air.wind_m_s[at].max())))
    for start, end in _dry_stretches(told, stretches):
        happenings.append(Disturbance("dry", round(start), round(end), (end - start) / 1000.0))
    return sorted(happenings, key=lambda one: one.start_ms)


def speed_of(track: Track, plane: Plane) -> Values:
    """Return the speed over ground at each position [m/s], over a second around it."""
    east, north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    time = track.time_ms.astype(np.float64)
    before, after = time - _SPEED_S * 500.0, time + _SPEED_S * 500.0
    ends = [np.interp(moment, time, axis) for axis in (east, north) for moment in (before, after)]
    span_s = (np.minimum(after, time[-1]) - np.maximum(before, time[0])) / 1000.0
    return np.asarray(np.hypot(ends[1] - ends[0], ends[3] - ends[2]) / np.maximum(span_s, 1e-3), np.float64)


def _to_breaks(found: DetectedPass, drawn: AsApplied, track: Track, plane: Plane) -> Values:
    """Return how far each cell is from the nearest place where work was broken off, or taken up again, at a refill."""
    east, north = drawn.grid.centres_m()
    nearest = np.full((drawn.grid.rows, drawn.grid.columns), np.inf)
    at_east, at_north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    for refill in (each for each in found.segments if each.kind == "refill"):
        work = [each for each in found.segments if each.kind == "work"]
        broken_ms = [each.end_ms for each in work if each.end_ms <= refill.start_ms][-1:]
        taken_up_ms = [each.start_ms for each in work if each.start_ms >= refill.end_ms][:1]
        for moment in (*broken_ms, *taken_up_ms):
            here = [float(np.interp(moment, track.time_ms, axis)) for axis in (at_east, at_north)]
            nearest = np.minimum(nearest, np.hypot(east[None, :] - here[0], north[:, None] - here[1]))
    return nearest


def _dry_stretches(told: VehicleTelemetry, stretches: Intervals) -> Intervals:
    """Return when the machine was on within a pass and its meter said that nothing came."""
    if len(told.pump.time_ms) < 2 or len(told.flow.time_ms) < 2 or not len(stretches):
        return np.empty((0, 2))
    on = clip(find_on_time(told.pump.time_ms, told.pump.on), stretches[0, 0], stretches[-1, 1])
    silent = find_on_time(told.flow.time_ms, told.flow.per_min < told.flow.dry_per_min, MAX_STATE_GAP_S)
    dry = subtract(intersect(on, silent), stretches)
    return dry[dry[:, 1] - dry[:, 0] >= _DRY_S * 1000.0]


def _map_dry(told: VehicleTelemetry, stretches: Intervals, drawn: AsApplied, plane: Plane, machine: Machine) -> Mask:
    dry = _dry_stretches(told, stretches)
    mask = np.zeros((drawn.grid.rows, drawn.grid.columns), np.bool_)
    if total_s(dry) > 0.0:
        lines = find_passes(told.track, dry, (plane.latitude_deg, plane.longitude_deg))
        for swath in draw_swaths(lines, machine.swath_m):
            mask |= rasterise(swath, drawn.grid)
    return mask


def _gained(told: VehicleTelemetry, start_ms: int, end_ms: int) -> float:
    hopper = told.hopper
    weights = hopper.mass_kg[(hopper.time_ms >= start_ms) & (hopper.time_ms <= end_ms)]
    return float(weights.max() - weights.min()) if len(weights) else 0.0
