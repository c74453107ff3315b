"""The as-applied map of a pass: how much of a product landed on each cell, and what each cell rests on.

    amounts by evidence --> running totals along the track --> laid down by pattern, latency and wind --> by place

What left is on the grid, beside it, or was passed where nobody knows the vehicle: the parts add up to the whole. A cell
over which only a command is known has no amount: commanded is never shown as applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.coverage import Track, draw_swaths, find_passes
from headland.agronomy.application.deposit import Deposit, deposit_mass
from headland.agronomy.application.deposit import OutletTrack as Way
from headland.agronomy.application.released import Released
from headland.agronomy.application.spread_pattern import Pattern
from headland.agronomy.application.swaths import Cover, measure_cover
from headland.agronomy.application.treated import DECLARED, MEASURED_FLOW, PUMP_PWM, TANK_MASS
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import BUFFER, EXCLUSION, OUTSIDE, USABLE, Outline, map_places
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.intervals import Intervals, total_s

#: The classes of evidence by the code of a cell; 0 is untouched ground. A cell has the weakest that it rests on.
EVIDENCE: Final = ("none", MEASURED_FLOW, TANK_MASS, PUMP_PWM, DECLARED)
#: A class that brought less than this share of a cell's amount does not weaken it.
_TRACE: Final = 0.01
#: Less time than this without an amount is the edge of a meter's samples, not ground of which nothing is known.
_LEAST_UNKNOWN_S: Final = 0.5
#: Ground further than this from the field is not drawn; what fell there is counted.
_BESIDE_M: Final = 150.0
#: Granules of 2 to 4 mm fall at 7 to 9 m/s (reference values for prilled urea).
GRANULE_FALL_M_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Machine:
    """How a machine lays down what it lets go: across its way, how much later, and how wide a swath is meant to be.

    `latency_s` is from the moment at which the amount was measured to the ground, `behind_m` how far behind the
    vehicle's position the outlet is.
    """

    pattern: Pattern
    swath_m: float
    latency_s: float = 0.0
    behind_m: float = 0.0


@dataclass(frozen=True, slots=True)
class WindDrift:
    """What the wind does to falling product: columns of equal length; empty where nothing is known or it does not fall.

    `fall_s` is how long it falls.
    """

    time_ms: Times
    wind_m_s: Values
    from_deg: Values
    fall_s: Values


@dataclass(frozen=True, slots=True)
class AmountsByPlace:
    """Where the amount of a pass is, in its unit: the parts add up to `released` but for `closure`.

    `unlocated` left where the vehicle was not heard, or at nobody knows what moment.
    """

    released: float
    usable: float
    buffer: float
    exclusion: float
    outside: float
    unlocated: float

    @property
    def closure(self) -> float:
        """The share of the whole that the parts miss or exceed."""
        parts = self.usable + self.buffer + self.exclusion + self.outside + self.unlocated
        return abs(parts - self.released) / self.released if self.released > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class AsApplied:
    """A pass on a grid (rows from south to north): amounts, codes of `EVIDENCE`, and places of `outline.PLACES`."""

    grid: Grid
    amount: Values
    evidence: NDArray[np.uint8]
    places: NDArray[np.uint8]
    totals: AmountsByPlace
    cover: Cover

    @property
    def rate_ha(self) -> Values:
        """The amount per hectare on each cell; NaN where nothing measured it."""
        rate = self.amount / self.grid.cell_ha
        rate[(self.evidence >= EVIDENCE.index(PUMP_PWM)) & (self.amount <= 0.0)] = np.nan
        return rate

    @property
    def field_cv_pct(self) -> float | None:
        """The coefficient of variation [%] over all usable cells that got anything, None without two."""
        rates = self.amount[(self.places == USABLE) & (self.amount > 0.0)]
        return float(100.0 * rates.std(ddof=1) / rates.mean()) if len(rates) > 1 else None


def map_applied(
    track: Track,
    released: Released,
    stretches: Intervals,
    outline: Outline,
    plane: Plane,
    machine: Machine,
    air: WindDrift,
    cell_m: float,
) -> AsApplied:
    """Return the as-applied map of a pass that let product go in `stretches`, on cells of `cell_m` [m, > 0].

    `released` is known at the track's moments, two at least.
    """
    way = outlet_track(track, plane, machine, air)
    grid = _grid(way, stretches, outline, machine, cell_m)
    amount = np.zeros((grid.rows, grid.columns))
    evidence = np.zeros((grid.rows, grid.columns), np.uint8)
    beside, unlocated = 0.0, released.untimed
    for name, total in released.totals.items():
        laid = deposit_total(way, np.maximum.accumulate(total - total[0]), machine, grid)
        amount += laid.mass_kg
        beside, unlocated = beside + laid.beside_kg, unlocated + laid.unlocated_kg
        evidence[laid.mass_kg > _TRACE * amount] = EVIDENCE.index(name)
    if total_s(released.unknown) >= _LEAST_UNKNOWN_S:
        on_s = np.zeros(len(way.time_ms))
        for start, end in released.unknown:
            on_s += np.clip(way.time_ms, start, end) - start
        evidence[deposit_total(way, on_s / 1000.0, machine, grid).mass_kg > 0.0] = EVIDENCE.index(released.unmetered)
    places = map_places(outline, grid)
    by_place = np.bincount(places.ravel(), amount.ravel(), minlength=4)
    totals = AmountsByPlace(
        released=released.amount,
        usable=float(by_place[USABLE]),
        buffer=float(by_place[BUFFER]),
        exclusion=float(by_place[EXCLUSION]),
        outside=float(by_place[OUTSIDE]) + beside,
        unlocated=unlocated,
    )
    landed = stretches + machine.latency_s * 1000.0
    lines = find_passes(track, landed, (plane.latitude_deg, plane.longitude_deg))
    cover = measure_cover(draw_swaths(lines, machine.swath_m), outline.usable, machine.swath_m)
    return AsApplied(grid, amount, evidence, places, totals, cover)


def outlet_track(track: Track, plane: Plane, machine: Machine, air: WindDrift) -> Way:
    """Return the outlet's way in metres, with the wind's push on what falls from it."""
    east, north = plane.to_metres(track.latitude_deg, track.longitude_deg)
    if machine.behind_m:
        step_east, step_north = np.gradient(east), np.gradient(north)
        length = np.hypot(step_east, step_north)
        back = np.where(length > 0.0, machine.behind_m / np.maximum(length, 1e-9), 0.0)
        east, north = east - step_east * back, north - step_north * back
    push = [np.zeros(len(east)), np.zeros(len(east))]
    if len(air.time_ms):
        towards = np.radians(air.from_deg + 180.0)
        push = [
            np.interp(track.time_ms, air.time_ms, air.wind_m_s * air.fall_s * part(towards))
            for part in (np.sin, np.cos)
        ]
    return Way(track.time_ms, east, north, np.zeros(len(east)), push[0], push[1])


def _grid(way: Way, stretches: Intervals, outline: Outline, machine: Machine, cell_m: float) -> Grid:
    """Return the grid that holds the field and what was treated, no further than `_BESIDE_M` from the field."""
    west, south, east, north = outline.whole.bounds
    low = np.array([west, south]) - cell_m
    high = np.array([east, north]) + cell_m
    at = np.zeros(len(way.time_ms), np.bool_)
    for start, end in stretches:
        at |= (way.time_ms >= start) & (way.time_ms <= end + machine.latency_s * 1000.0 + 200.0)
    if at.any():
        reach_m = machine.pattern.reach_m + cell_m
        for axis, values in enumerate((way.east_m + way.wind_east_m, way.north_m + way.wind_north_m)):
            low[axis] = min(low[axis], max(values[at].min() - reach_m, low[axis] - _BESIDE_M))
            high[axis] = max(high[axis], min(values[at].max() + reach_m, high[axis] + _BESIDE_M))
    low = np.floor(low / cell_m) * cell_m
    columns, rows = np.ceil((high - low) / cell_m).astype(int).tolist()
    return Grid(float(low[0]), float(low[1]), cell_m, max(rows, 1), max(columns, 1))


def deposit_total(way: Way, total: Values, machine: Machine, grid: Grid) -> Deposit:
    """Return where a running total at the moments of a way came down."""
    flow = Way(way.time_ms, way.east_m, way.north_m, total, way.wind_east_m, way.wind_north_m)
    return deposit_mass(flow, machine.pattern, grid, latency_s=machine.latency_s)
