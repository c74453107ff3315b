"""Conditions and origin of each cell of an as-applied map: speed, wind, flow, hopper, swaths, breaks, and visits.

A visit uses the same deposit as the map, one stretch of track at a time onto that cell only, so the visits of a cell
and what drifted there add up to its amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import AsApplied, Machine, outlet_track
from headland.agronomy.application.deposit import OutletTrack, deposit_mass, deposit_totals
from headland.agronomy.application.deviation import GUST_M_S, Conditions
from headland.agronomy.application.drift import WindDrift
from headland.agronomy.application.pass_detection import DetectedPass, VehicleTelemetry
from headland.agronomy.application.released import Released
from headland.agronomy.application.swaths import (
    MAX_STATE_GAP_S,
    MAX_TRACK_GAP_S,
    Track,
    draw_swaths,
    find_on_time,
    find_passes,
)
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import USABLE, FieldOutline, count_polygons, rasterise
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.agronomy.series.intervals import Intervals, clip, intersect, subtract, total_s

#: Time around an instant over which its speed is measured, so that jitter of positions does not count.
_SPEED_S = 1.0
#: Shortest time without flow that counts as dry: a flow builds up and dies away.
_DRY_S = 2.0
#: Shortest gust: a shorter one moves only a few metres of a swath.
_GUST_S = 3.0
#: Steps by which the means on cells are made are no longer than this.
_LONGEST_STEP_M = 1.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """An event that may have disturbed a part of a pass: `gust` (`value` in m/s), `refill` (kg or L) or `dry` (s)."""

    kind: Annotated[str, "gust, refill or dry."]
    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, epoch milliseconds UTC; not included."]
    value: Annotated[float, "Speed of a gust [m/s], amount of a refill (kg or L), or time with an empty tank [s]."]


def map_conditions(
    vehicle: VehicleTelemetry,
    detected: DetectedPass,
    released: Released,
    stretches: Intervals,
    applied_map: AsApplied,
    outline: FieldOutline,
    plane: Plane,
    machine: Machine,
    air: WindDrift,
) -> Conditions:
    """Return the conditions on the cells of an as-applied map."""
    track, grid = vehicle.track, applied_map.grid
    outlet = outlet_track(track, plane, machine, air)
    mass = np.zeros(len(track.time_ms))
    for total in released.totals.values():
        mass += np.maximum.accumulate(total - total[0])
    measured = {
        "speed_m_s": (track.time_ms, speed_of(track, plane)),
        "wind_m_s": (air.time_ms, air.wind_m_s),
        "flow_per_min": (track.time_ms, np.gradient(mass, track.time_ms / 1000.0) * 60.0),
        "hopper_kg": (vehicle.hopper.time_ms, vehicle.hopper.mass_kg),
    }
    means = _means_by_mass(outlet, mass, measured, machine, grid)
    inner = rasterise(outline.whole.buffer(-machine.swath_m / 2.0), grid)
    covers = count_polygons(applied_map.swaths, grid)
    # By the rounding of their union a cell on its edge may be counted otherwise: what is treated is said once.
    covers = np.where(applied_map.places == USABLE, np.where(applied_map.treated, np.maximum(covers, 1), 0), covers)
    return Conditions(
        covers=covers,
        edge_m=np.where(inner, np.inf, 0.0),
        refill_m=_to_breaks(detected, applied_map, track, plane),
        **means,
        dry=_map_dry(vehicle, stretches, applied_map, plane, machine),
    )


def _means_by_mass(
    outlet: OutletTrack, mass: Values, measured: dict[str, tuple[Times, Values]], machine: Machine, grid: Grid
) -> dict[str, Values]:
    """Return the mean of each measured value on each cell, weighted by the product that landed there.

    `mass` is the running total at the outlet's instants, `measured` has times and values by name, perhaps none.
    """
    step = np.diff(mass, prepend=mass[:1])
    known = {
        name: np.cumsum(step * np.interp(outlet.time_ms, time_ms, values))
        for name, (time_ms, values) in measured.items()
        if len(time_ms)
    }
    # Both sides of each mean are laid down by the same steps, and what is averaged changes over many cells.
    step_m = min(grid.cell_m, _LONGEST_STEP_M)
    deposits = deposit_totals(
        outlet, [mass, *known.values()], machine.pattern, grid, latency_s=machine.latency_s, step_m=step_m
    )
    landed, *weighted = (deposit.mass_kg for deposit in deposits)
    means = {name: np.full(landed.shape, np.nan) for name in measured}
    for name, cells in zip(known, weighted, strict=True):
        np.divide(cells, landed, out=means[name], where=landed > 1e-9)
    return means


def list_disturbances(
    vehicle: VehicleTelemetry, detected: DetectedPass, stretches: Intervals, air: WindDrift
) -> list[Disturbance]:
    """Return the gusts, refills and dry stretches of a pass in time order."""
    disturbances = [
        Disturbance("refill", segment.start_ms, segment.end_ms, _gained(vehicle, segment.start_ms, segment.end_ms))
        for segment in detected.segments
        if segment.kind == "refill"
    ]
    if len(air.time_ms) >= 2 and len(stretches):
        inside = (air.time_ms >= stretches[0, 0]) & (air.time_ms <= stretches[-1, 1])
        usual = float(np.median(air.wind_m_s[inside])) if inside.any() else np.inf
        gusts = find_on_time(air.time_ms, air.wind_m_s >= usual + GUST_M_S)
        for start, end in clip(gusts, stretches[0, 0], stretches[-1, 1]):
            if end - start >= _GUST_S * 1000.0:
                at = (air.time_ms >= start) & (air.time_ms <= end)
                disturbances.append(Disturbance("gust", round(start), round(end), float(air.wind_m_s[at].max())))
    for start, end in _dry_stretches(vehicle, stretches):
        disturbances.append(Disturbance("dry", round(start), round(end), (end - start) / 1000.0))
    return sorted(disturbances, key=lambda disturbance: disturbance.start_ms)


def speed_of(track: Track, plane: Plane) -> Values:
    """Return the speed over ground at each position [m/s], over a second around it."""
    east, north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    time = track.time_ms.astype(np.float64)
    before, after = time - _SPEED_S * 500.0, time + _SPEED_S * 500.0
    ends = [np.interp(moment, time, axis) for axis in (east, north) for moment in (before, after)]
    span_s = (np.minimum(after, time[-1]) - np.maximum(before, time[0])) / 1000.0
    return np.asarray(np.hypot(ends[1] - ends[0], ends[3] - ends[2]) / np.maximum(span_s, 1e-3), np.float64)


def _to_breaks(detected: DetectedPass, applied_map: AsApplied, track: Track, plane: Plane) -> Values:
    """Return the distance of each cell from the nearest place where work was interrupted or resumed at a refill."""
    east, north = applied_map.grid.centres_m()
    nearest = np.full((applied_map.grid.rows, applied_map.grid.columns), np.inf)
    at_east, at_north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    for refill in (segment for segment in detected.segments if segment.kind == "refill"):
        work = [segment for segment in detected.segments if segment.kind == "work"]
        interrupted_ms = [segment.end_ms for segment in work if segment.end_ms <= refill.start_ms][-1:]
        resumed_ms = [segment.start_ms for segment in work if segment.start_ms >= refill.end_ms][:1]
        for moment in (*interrupted_ms, *resumed_ms):
            place = [float(np.interp(moment, track.time_ms, axis)) for axis in (at_east, at_north)]
            nearest = np.minimum(nearest, np.hypot(east[None, :] - place[0], north[:, None] - place[1]))
    return nearest


def _dry_stretches(vehicle: VehicleTelemetry, stretches: Intervals) -> Intervals:
    """Return when the machine was on within a pass and its meter reported no flow."""
    if len(vehicle.pump.time_ms) < 2 or len(vehicle.flow.time_ms) < 2 or not len(stretches):
        return np.empty((0, 2))
    on = clip(find_on_time(vehicle.pump.time_ms, vehicle.pump.on), stretches[0, 0], stretches[-1, 1])
    silent = find_on_time(vehicle.flow.time_ms, vehicle.flow.per_min < vehicle.flow.dry_per_min, MAX_STATE_GAP_S)
    dry = subtract(intersect(on, silent), stretches)
    return dry[dry[:, 1] - dry[:, 0] >= _DRY_S * 1000.0]


def _map_dry(
    vehicle: VehicleTelemetry, stretches: Intervals, applied_map: AsApplied, plane: Plane, machine: Machine
) -> Mask:
    dry = _dry_stretches(vehicle, stretches)
    mask = np.zeros((applied_map.grid.rows, applied_map.grid.columns), np.bool_)
    if total_s(dry) > 0.0:
        lines = find_passes(vehicle.track, dry, (plane.latitude_deg, plane.longitude_deg))
        for swath in draw_swaths(lines, machine.swath_m):
            mask |= rasterise(swath, applied_map.grid)
    return mask


def _gained(vehicle: VehicleTelemetry, start_ms: int, end_ms: int) -> float:
    """Return the rise of the hopper's weight in a time [kg]."""
    hopper = vehicle.hopper
    weights = hopper.mass_kg[(hopper.time_ms >= start_ms) & (hopper.time_ms <= end_ms)]
    return float(weights.max() - weights.min()) if len(weights) else 0.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One time in which the machine was within reach of a cell, [start_ms, end_ms], and the amounts it deposited there.

    `amounts` is by class of evidence, `worked_s` the time of work there without a known amount. `beside_m` is the least
    distance of the outlet from the middle of the cell, and `nearest_ms` the time in which it was at most a cell's side
    further, from which most of the cell's product came. Product leaves the machine the latency before it lands.
    """

    start_ms: int
    end_ms: int
    nearest_ms: tuple[int, int]
    amounts: dict[str, float]
    worked_s: float
    beside_m: float

    @property
    def amount(self) -> float:
        """The whole known amount."""
        return sum(self.amounts.values())


def cell_of(grid: Grid, row: int, column: int) -> Grid:
    """Return one cell of a grid as a grid."""
    west_m, south_m = grid.west_m + column * grid.cell_m, grid.south_m + row * grid.cell_m
    return Grid(west_m, south_m, grid.cell_m, 1, 1)


def trace_cell(
    outlet: OutletTrack,
    totals: dict[str, Values],
    unknown_s: Values,
    machine: Machine,
    cell: Grid,
    kept_share: float = 1.0,
) -> tuple[Visit, ...]:
    """Return the visits that deposited product on a cell, or may have, in time order.

    `kept_share` is what of it lands by its pattern; the rest is in no visit. `totals` are the map's running totals at
    the instants of the outlet's track, `unknown_s` the running time of work without a known amount.
    """
    pieces, distance_m = _near_pieces(outlet, machine, cell)
    landed = {name: kept_share * _landed(outlet, total, machine) for name, total in totals.items()}
    worked = _landed(outlet, unknown_s, machine)
    visits = []
    for first, last in _runs(pieces):
        amounts = {name: _deposited(outlet, mass, machine, cell, first, last) for name, mass in landed.items()}
        worked_s = _deposited(outlet, worked, machine, cell, first, last)
        if worked_s > 0.0 or any(amount > 0.0 for amount in amounts.values()):
            beside_m = float(distance_m[first : last + 1].min())
            nearest = first + np.flatnonzero(distance_m[first : last + 1] <= beside_m + cell.cell_m)
            visits.append(
                Visit(
                    start_ms=int(outlet.time_ms[first]),
                    end_ms=int(outlet.time_ms[last + 1]),
                    nearest_ms=(int(outlet.time_ms[nearest[0]]), int(outlet.time_ms[nearest[-1] + 1])),
                    amounts={name: amount for name, amount in amounts.items() if amount > 0.0},
                    worked_s=worked_s,
                    beside_m=beside_m,
                )
            )
    return tuple(visits)


def _near_pieces(outlet: OutletTrack, machine: Machine, cell: Grid) -> tuple[NDArray[np.intp], Values]:
    """Return the pieces of track from which product may have reached a cell, and each piece's distance from it."""
    east, north = outlet.east_m + outlet.wind_east_m, outlet.north_m + outlet.wind_north_m
    middle_east, middle_north = cell.west_m + cell.cell_m / 2.0, cell.south_m + cell.cell_m / 2.0
    along_east, along_north = np.diff(outlet.east_m), np.diff(outlet.north_m)
    to_east, to_north = middle_east - east[:-1], middle_north - north[:-1]
    length2 = np.maximum(along_east**2 + along_north**2, 1e-12)
    part = np.clip((to_east * along_east + to_north * along_north) / length2, 0.0, 1.0)
    distance_m = np.hypot(to_east - part * along_east, to_north - part * along_north)
    return np.flatnonzero(distance_m <= machine.pattern.reach_m + 1.5 * cell.cell_m), distance_m


def _runs(pieces: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return (first, last) of each run of neighbouring numbers."""
    if not len(pieces):
        return []
    cuts = np.flatnonzero(np.diff(pieces) > 1) + 1
    return [(int(run[0]), int(run[-1])) for run in np.split(pieces, cuts)]


def _landed(outlet: OutletTrack, total: Values, machine: Machine) -> Values:
    """Return the mass that lands on each piece of track, as in `deposit_mass`; none in holes."""
    time_s = (outlet.time_ms - outlet.time_ms[0]) / 1000.0
    running = np.maximum.accumulate(total - total[0])
    landed = np.interp(time_s - machine.latency_s, time_s, running)
    landed[-1] = running[-1]
    return np.where(np.diff(time_s) > MAX_TRACK_GAP_S, 0.0, np.diff(landed))


def _deposited(outlet: OutletTrack, mass: Values, machine: Machine, cell: Grid, first: int, last: int) -> float:
    """Return the mass that pieces first..last deposit on a cell."""
    own = np.zeros(len(mass))
    own[first : last + 1] = mass[first : last + 1]
    total = np.concatenate(([0.0], np.cumsum(own)))
    track = OutletTrack(outlet.time_ms, outlet.east_m, outlet.north_m, total, outlet.wind_east_m, outlet.wind_north_m)
    return float(deposit_mass(track, machine.pattern, cell).mass_kg[0, 0])
