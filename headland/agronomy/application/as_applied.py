"""As-applied map of a pass: the amount of product on each cell and the evidence for it; and sums of a season.

    amounts by evidence --> running totals along the track --> deposited by pattern, latency and wind --> by place

Product that left is on the grid, beside it, or was released where the vehicle is not located: the parts add up to the
whole. A cell over which only a command is known has no amount, because a command never counts as applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.application.cell_uncertainty import CellErrors, rate_uncertainty
from headland.agronomy.application.deposit import Deposit, OutletTrack, deposit_mass
from headland.agronomy.application.drift import GRANULES, WindDrift
from headland.agronomy.application.drift_outside import OutsideBand, measure_outside
from headland.agronomy.application.drift_tail import SpreadTail, share_spread, spread_tail, tail_on
from headland.agronomy.application.landing import find_landing
from headland.agronomy.application.pass_areas import PassAreas, measure_areas, share_by_code, spread_areas
from headland.agronomy.application.released import Released
from headland.agronomy.application.spread_pattern import Pattern
from headland.agronomy.application.swaths import Track, draw_swaths, find_passes
from headland.agronomy.application.treated import DECLARED, MEASURED_FLOW, PUMP_PWM, TANK_MASS
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import (
    BUFFER,
    EXCLUSION,
    OUTSIDE,
    USABLE,
    FieldOutline,
    map_places,
    rasterise,
)
from headland.agronomy.series.arrays import Mask, Values, require
from headland.agronomy.series.intervals import Intervals, total_s

#: Classes of evidence by the code of a cell; 0 is untreated ground. A cell has the weakest class of its amount.
EVIDENCE: Final = ("none", MEASURED_FLOW, TANK_MASS, PUMP_PWM, DECLARED)
#: Share of a cell's amount below which a class does not weaken its evidence.
_TRACE: Final = 0.01
#: Shortest time without an amount that leaves ground unknown; less is the edge of a meter's samples.
_LEAST_UNKNOWN_S: Final = 0.5
#: Distance from the field beyond which ground is not mapped; product there is counted [m].
BESIDE_M: Final = 150.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Spread pattern, nominal swath, latency and outlet offset of a machine.

    `latency_s` is the time from the measurement of the amount to the ground, `behind_m` the distance of the outlet
    behind the vehicle's position.
    """

    pattern: Pattern
    swath_m: float
    latency_s: float = 0.0
    behind_m: float = 0.0


@dataclass(frozen=True, slots=True)
class AmountsByPlace:
    """Mass balance of a pass in the map's unit. The parts add up to `released` within `closure` (a share)."""

    released: Annotated[float, "What left the machine."]
    usable: Annotated[float, "What landed on the usable ground of the field."]
    buffer: Annotated[float, "What landed on buffer strips."]
    exclusion: Annotated[float, "What landed on exclusions."]
    outside: Annotated[float, "What landed beside the field."]
    unlocated: Annotated[float, "What left at an unknown time, or where the vehicle reported no position."]
    closure: Annotated[float, "Share of the whole by which the parts differ from it."]


@dataclass(frozen=True, slots=True)
class AsApplied:
    """A pass on a grid (rows from south to north): amounts, codes of `EVIDENCE`, and places of `outline.PLACES`.

    `shift_m` is how far product drifted east and north on average, `drifted` the part of each cell's amount by the
    droplets' tail, `outside` what came down beside the field by distance (empty where the wind is not known).
    `uncertainty_ha` is the standard deviation of each cell's rate, `swaths` the ground that each line covered,
    `treated` the usable cells whose middle they cover. Neither evidence nor treated ground comes by the tail: a cell
    that only it reached has an amount, and was not treated.
    """

    grid: Grid
    amount: Values
    evidence: NDArray[np.uint8]
    places: NDArray[np.uint8]
    totals: AmountsByPlace
    areas: PassAreas
    shift_m: tuple[float, float]
    drifted: Values
    outside: tuple[OutsideBand, ...]
    uncertainty_ha: Values
    swaths: Sequence[shapely.Geometry]
    treated: Mask

    @property
    def ground_m2(self) -> Values:
        """The ground that each usable cell stands for: treated ones add up to the treated ground, others to skips."""
        return spread_areas(self.areas, self.places == USABLE, self.treated)

    @property
    def evidence_m2(self) -> dict[str, float]:
        """The treated ground by the class of evidence for its amount [m2]; the parts add up to it."""
        return evidence_by_class(self.evidence, self.treated, self.areas.treated_m2)

    @property
    def rate_ha(self) -> Values:
        """The amount per hectare on each cell; NaN where no amount is known."""
        rate = self.amount / self.grid.cell_ha
        rate[(self.evidence >= EVIDENCE.index(PUMP_PWM)) & (self.amount <= self.drifted)] = np.nan
        return rate

    @property
    def field_cv_pct(self) -> float | None:
        """The coefficient of variation [%] over all treated usable cells, None with fewer than two."""
        rates = self.amount[(self.places == USABLE) & (self.amount > self.drifted)]
        return float(100.0 * rates.std(ddof=1) / rates.mean()) if len(rates) > 1 else None


def map_applied(
    track: Track,
    released: Released,
    stretches: Intervals,
    outline: FieldOutline,
    plane: Plane,
    machine: Machine,
    air: WindDrift,
    cell_m: float,
    beside_m: float = BESIDE_M,
) -> AsApplied:
    """Return the as-applied map of a pass that released product in `stretches`, on cells of `cell_m` [m, > 0].

    `released` has totals at the track's instants, at least two. Ground up to `beside_m` from the field is on the map.
    """
    require("cell_m", cell_m, above=0.0)
    outlet = outlet_track(track, plane, machine, air)
    grid = _grid(outlet, stretches, outline, machine, cell_m, beside_m)
    amount = np.zeros((grid.rows, grid.columns))
    evidence = np.zeros((grid.rows, grid.columns), np.uint8)
    beside, unlocated = 0.0, released.untimed
    for name, total in released.totals.items():
        deposit = deposit_total(outlet, np.maximum.accumulate(total - total[0]), machine, grid)
        amount += deposit.mass_kg
        beside, unlocated = beside + deposit.beside_kg, unlocated + deposit.unlocated_kg
        evidence[deposit.mass_kg > _TRACE * amount] = EVIDENCE.index(name)
    if total_s(released.unknown) >= _LEAST_UNKNOWN_S:
        on_s = np.zeros(len(outlet.time_ms))
        for start, end in released.unknown:
            on_s += np.clip(outlet.time_ms, start, end) - start
        evidence[deposit_total(outlet, on_s / 1000.0, machine, grid).mass_kg > 0.0] = EVIDENCE.index(released.unmetered)
    shift_m = _mean_shift(outlet, released)
    spread = _spread(amount, grid, air, track, released)
    drifted = np.zeros(amount.shape) if spread is None else tail_on(grid, spread)
    moved = drifted - (1.0 - share_spread(air.tail)) * amount
    amount = amount + moved
    carried = -float(moved.sum())
    places = map_places(outline, grid)
    by_place = np.bincount(places.ravel(), amount.ravel(), minlength=4)
    usable, buffer, exclusion = (float(by_place[place]) for place in (USABLE, BUFFER, EXCLUSION))
    outside = float(by_place[OUTSIDE]) + beside + carried
    apart = abs(usable + buffer + exclusion + outside + unlocated - released.amount)
    closure = apart / released.amount if released.amount > 0.0 else 0.0
    totals = AmountsByPlace(released.amount, usable, buffer, exclusion, outside, unlocated, closure)
    landed = find_landing(track.time_ms, released, stretches, machine.latency_s)
    lines = find_passes(track, landed, (plane.latitude_deg, plane.longitude_deg))
    swaths = draw_swaths(lines, machine.swath_m)
    switched = draw_swaths(switched_lines(track, stretches, machine, plane), machine.swath_m)
    areas = measure_areas(swaths, outline.usable, machine.swath_m, switched)
    errors = CellErrors(air, shift_m, moved / grid.cell_ha, machine.swath_m, air.basis == GRANULES)
    uncertainty_ha = rate_uncertainty(amount / grid.cell_ha, cell_m, errors)
    bands: tuple[OutsideBand, ...] = ()
    if spread is not None:
        cut = (places == OUTSIDE) & rasterise(outline.whole.buffer(cell_m / 2.0), grid)
        on_edge = float((amount - drifted)[cut].sum())
        bands = measure_outside(outline.whole, spread, outside, beside, on_edge, shift_m, air.uncertain_share)
    treated = (places == USABLE) & rasterise(areas.treated, grid)
    return AsApplied(
        grid, amount, evidence, places, totals, areas, shift_m, drifted, bands, uncertainty_ha, swaths, treated
    )


def _spread(amount: Values, grid: Grid, air: WindDrift, track: Track, released: Released) -> SpreadTail | None:
    """Return where the tail of a map's amounts goes, with what is not of it; None where the wind is not known."""
    if not air.is_known:
        return None
    total = sum((np.maximum.accumulate(each) for each in released.totals.values()), np.zeros(len(track.time_ms)))
    weight = np.diff(np.interp(air.time_ms, track.time_ms, total), prepend=total[:1])
    return spread_tail(amount, grid, air.tail, np.maximum(weight, 0.0))


def switched_lines(track: Track, stretches: Intervals, machine: Machine, plane: Plane) -> list[Values]:
    """Return the lines over which the machine was on by its signal, with its latency, in metres of a plane."""
    return find_passes(track, stretches + machine.latency_s * 1000.0, (plane.latitude_deg, plane.longitude_deg))


def evidence_by_class(evidence: NDArray[np.uint8], at: Mask, ground_m2: float) -> dict[str, float]:
    """Return some ground by the class of evidence on its cells `at` [m2]; the parts add up to it."""
    shares = share_by_code(evidence, at, len(EVIDENCE), ground_m2)
    return {name: float(shares[code]) for code, name in enumerate(EVIDENCE) if code}


def _mean_shift(outlet: OutletTrack, released: Released) -> tuple[float, float]:
    """Return the mean drift of what was released, east and north [m]; 0 where nothing was."""
    mass = sum((np.diff(np.maximum.accumulate(total)) for total in released.totals.values()), np.zeros(1))
    east, north = np.asarray(outlet.wind_east_m, np.float64), np.asarray(outlet.wind_north_m, np.float64)
    if len(east) < 2 or float(np.sum(mass)) <= 0.0:
        return 0.0, 0.0
    return float(np.average(east[1:], weights=mass)), float(np.average(north[1:], weights=mass))


def outlet_track(track: Track, plane: Plane, machine: Machine, air: WindDrift) -> OutletTrack:
    """Return the outlet's track in metres, with the wind drift of the product that falls from it."""
    east, north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    if machine.behind_m:
        step_east, step_north = np.gradient(east), np.gradient(north)
        length = np.hypot(step_east, step_north)
        back = np.where(length > 0.0, machine.behind_m / np.maximum(length, 1e-9), 0.0)
        east, north = east - step_east * back, north - step_north * back
    return OutletTrack(track.time_ms, east, north, np.zeros(len(east)), *air.shift_m(track.time_ms))


def _grid(
    outlet: OutletTrack, stretches: Intervals, outline: FieldOutline, machine: Machine, cell_m: float, beside_m: float
) -> Grid:
    """Return the grid that holds the field and the treated ground, up to `beside_m` from the field."""
    west, south, east, north = outline.whole.bounds
    low = np.array([west, south]) - cell_m
    high = np.array([east, north]) + cell_m
    at = np.zeros(len(outlet.time_ms), np.bool_)
    for start, end in stretches:
        at |= (outlet.time_ms >= start) & (outlet.time_ms <= end + machine.latency_s * 1000.0 + 200.0)
    if at.any():
        reach_m = machine.pattern.reach_m + cell_m
        for axis, values in enumerate((outlet.east_m + outlet.wind_east_m, outlet.north_m + outlet.wind_north_m)):
            low[axis] = min(low[axis], max(values[at].min() - reach_m, low[axis] - beside_m))
            high[axis] = max(high[axis], min(values[at].max() + reach_m, high[axis] + beside_m))
    low = np.floor(low / cell_m) * cell_m
    columns, rows = np.ceil((high - low) / cell_m).astype(int).tolist()
    return Grid(float(low[0]), float(low[1]), cell_m, max(rows, 1), max(columns, 1))


def deposit_total(outlet: OutletTrack, total: Values, machine: Machine, grid: Grid) -> Deposit:
    """Return where a running total at the instants of an outlet's track landed."""
    track = OutletTrack(outlet.time_ms, outlet.east_m, outlet.north_m, total, outlet.wind_east_m, outlet.wind_north_m)
    return deposit_mass(track, machine.pattern, grid, latency_s=machine.latency_s)
