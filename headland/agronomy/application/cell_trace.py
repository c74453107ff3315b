"""Where the amount of one cell of an as-applied map came from: each time the vehicle came by, and what it brought.

The same deposit as the map's, one stretch of way at a time, onto that cell alone: the visits add up to the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import Machine
from headland.agronomy.application.coverage import MAX_TRACK_GAP_S
from headland.agronomy.application.deposit import OutletTrack as Way
from headland.agronomy.application.deposit import deposit_mass
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.series.arrays import Values


@dataclass(frozen=True, slots=True)
class Visit:
    """One time that the vehicle was within reach of a cell, [start_ms, end_ms], and what it laid down there.

    `amounts` by class of evidence, `worked_s` how long it worked there without any amount being known. `beside_m` is
    how near the middle of the cell its way came, and `nearest_ms` from when to when it was no more than a cell's side
    further: what it did then is what the cell got most of. What lands left the machine the latency earlier.
    """

    start_ms: int
    end_ms: int
    nearest_ms: tuple[int, int]
    amounts: dict[str, float]
    worked_s: float
    beside_m: float

    @property
    def amount(self) -> float:
        """All that is known to have come down."""
        return sum(self.amounts.values())


def cell_of(grid: Grid, row: int, column: int) -> Grid:
    """Return one cell of a grid as a grid."""
    west_m, south_m = grid.west_m + column * grid.cell_m, grid.south_m + row * grid.cell_m
    return Grid(west_m, south_m, grid.cell_m, 1, 1)


def trace_cell(
    way: Way, totals: dict[str, Values], unknown_s: Values, machine: Machine, cell: Grid
) -> tuple[Visit, ...]:
    """Return the visits that brought a cell something, or may have, in time order.

    `totals` are the map's running totals at the moments of the way, `unknown_s` the running time of work without any.
    """
    pieces, distance_m = _near_pieces(way, machine, cell)
    landed = {name: _landed(way, total, machine) for name, total in totals.items()}
    worked = _landed(way, unknown_s, machine)
    visits = []
    for first, last in _runs(pieces):
        amounts = {name: _laid(way, mass, machine, cell, first, last) for name, mass in landed.items()}
        worked_s = _laid(way, worked, machine, cell, first, last)
        if worked_s > 0.0 or any(amount > 0.0 for amount in amounts.values()):
            beside_m = float(distance_m[first : last + 1].min())
            nearest = first + np.flatnonzero(distance_m[first : last + 1] <= beside_m + cell.cell_m)
            visits.append(
                Visit(
                    start_ms=int(way.time_ms[first]),
                    end_ms=int(way.time_ms[last + 1]),
                    nearest_ms=(int(way.time_ms[nearest[0]]), int(way.time_ms[nearest[-1] + 1])),
                    amounts={name: amount for name, amount in amounts.items() if amount > 0.0},
                    worked_s=worked_s,
                    beside_m=beside_m,
                )
            )
    return tuple(visits)


def _near_pieces(way: Way, machine: Machine, cell: Grid) -> tuple[NDArray[np.intp], Values]:
    """Return the pieces of way from which something may have reached a cell, and how near each piece came to it."""
    east, north = way.east_m + way.wind_east_m, way.north_m + way.wind_north_m
    middle_east, middle_north = cell.west_m + cell.cell_m / 2.0, cell.south_m + cell.cell_m / 2.0
    along_east, along_north = np.diff(way.east_m), np.diff(way.north_m)
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


def _landed(way: Way, total: Values, machine: Machine) -> Values:
    """Return what comes down on each piece of way, as `deposit_mass` has it; holes are left to nobody."""
    time_s = (way.time_ms - way.time_ms[0]) / 1000.0
    running = np.maximum.accumulate(total - total[0])
    landed = np.interp(time_s - machine.latency_s, time_s, running)
    landed[-1] = running[-1]
    return np.where(np.diff(time_s) > MAX_TRACK_GAP_S, 0.0, np.diff(landed))


def _laid(way: Way, mass: Values, machine: Machine, cell: Grid, first: int, last: int) -> float:
    """Return what pieces first..last lay on a cell."""
    own = np.zeros(len(mass))
    own[first : last + 1] = mass[first : last + 1]
    total = np.concatenate(([0.0], np.cumsum(own)))
    flow = Way(way.time_ms, way.east_m, way.north_m, total, way.wind_east_m, way.wind_north_m)
    return float(deposit_mass(flow, machine.pattern, cell).mass_kg[0, 0])
