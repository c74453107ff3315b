"""Deposit of product on a metric grid: mass along a track, distributed across it by the spread pattern.

    mass along the track, delayed by the latency --> mass of each piece --> across it by the pattern --> cells

Mass is conserved: it lands on the grid, beside the grid, or is released where the vehicle is not located.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.spread_pattern import Pattern
from headland.agronomy.application.swaths import MAX_TRACK_GAP_S
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.series.arrays import Mask, Times, Values, require

#: Steps along a piece of track and across its pattern are at most half a small cell or a quarter of a large one, and no
#: longer than a metre. A step is a rectangle whose mass is divided among the cells that it touches, so that a cell has
#: the integral of the pattern over it. Large cells are few, so finer steps cost little.
_STEP_OF_CELL: Final = 0.5
_STEP_OF_LARGE_CELL: Final = 0.25
_LARGE_CELL_M: Final = 1.5
_LONGEST_STEP_M: Final = 1.0
_TINY_M: Final = 1e-6
#: The part of a rectangle beyond a line of cells that is rounding.
_EDGE: Final = 1e-3
#: Steps that are deposited at a time, so that memory stays small however fine the grid is.
_BLOCK_STEPS: Final = 16_384


@dataclass(frozen=True, slots=True)
class OutletTrack:
    """Track of a machine's outlet with the mass released so far: columns of equal length, times ascending.

    `east_m`, `north_m` in the grid's plane; `mass_total_kg` is the running total of released mass, never falling.
    `wind_east_m`, `wind_north_m`: drift by wind while the product falls, 0 where it is unknown.
    """

    time_ms: Times
    east_m: Values
    north_m: Values
    mass_total_kg: Values
    wind_east_m: Values | float = 0.0
    wind_north_m: Values | float = 0.0


@dataclass(frozen=True, slots=True)
class Deposit:
    """Deposited mass: on the cells (rows, columns), beside the grid, and released where the vehicle is not located."""

    grid: Grid
    mass_kg: Values
    beside_kg: float
    unlocated_kg: float

    @property
    def total_kg(self) -> float:
        """The mass released within the track."""
        return float(self.mass_kg.sum()) + self.beside_kg + self.unlocated_kg

    @property
    def rate_kg_ha(self) -> Values:
        """The rate on each cell."""
        rate: Values = self.mass_kg / self.grid.cell_ha
        return rate


def fit_grid(east_m: Values, north_m: Values, cell_m: float, margin_m: float) -> Grid:
    """Return the grid, on whole multiples of the cell, that holds all points and `margin_m` around them.

    Two grids of one plane and one cell size share their lines, so that they can be added cell by cell.
    """
    west, south = (np.floor((values.min() - margin_m) / cell_m) * cell_m for values in (east_m, north_m))
    columns = int(np.ceil((east_m.max() + margin_m - west) / cell_m))
    rows = int(np.ceil((north_m.max() + margin_m - south) / cell_m))
    return Grid(float(west), float(south), cell_m, max(rows, 1), max(columns, 1))


def deposit_mass(outlet: OutletTrack, pattern: Pattern, grid: Grid, *, latency_s: float = 0.0) -> Deposit:
    """Return where the mass of a track landed.

    Mass released at an instant lands `latency_s` [s, 0..] later, across the track at that time, by `pattern`. Pieces
    longer than 2 s are holes: their mass is unlocated. Mass that is still in flight at the end of the track lands at
    the last position.
    """
    return deposit_totals(outlet, [outlet.mass_total_kg], pattern, grid, latency_s=latency_s)[0]


def deposit_totals(
    outlet: OutletTrack,
    totals: Sequence[Values],
    pattern: Pattern,
    grid: Grid,
    *,
    latency_s: float = 0.0,
    step_m: float | None = None,
) -> list[Deposit]:
    """Return where each of several running totals of one track landed, as `deposit_mass` does for one.

    The cells that a step reaches are the same for all totals and are computed once. `step_m` [m, > 0] is the length of
    the steps, by default short enough for amounts.
    """
    require("latency_s", latency_s, 0.0)
    step_m = _step_m(grid) if step_m is None else step_m
    require("step_m", step_m, above=0.0)
    time_s = (outlet.time_ms - outlet.time_ms[0]) / 1000.0 if len(outlet.time_ms) else np.empty(0)
    if len(time_s) < 2:
        return [Deposit(grid, np.zeros((grid.rows, grid.columns)), 0.0, 0.0) for _ in totals]
    masses_kg = np.array([_landed(time_s, total, latency_s) for total in totals])
    is_hole = np.diff(time_s) > MAX_TRACK_GAP_S
    unlocated_kg = masses_kg[:, is_hole].sum(axis=1)
    masses_kg = np.maximum(masses_kg, 0.0)
    at = np.flatnonzero(masses_kg.any(axis=0) & ~is_hole)
    steps = _steps(outlet, at, step_m)
    weights_kg = (masses_kg[:, at] / steps.count)[:, steps.piece]
    # A long flight over a small field: what no part of the pattern carries onto the grid is beside it as a whole.
    is_near = _is_near(grid, pattern, steps)
    beside_kg = weights_kg[:, ~is_near].sum(axis=1)
    steps, weights_kg = steps.at(is_near), weights_kg[:, is_near]
    # The grid with a cell more on the west and south, and two on the east and north: what is beside it lands there.
    wide = grid.columns + 3
    sums_kg = np.zeros((len(totals), (grid.rows + 3) * wide))
    first_cells = (grid.rows + 2) * wide - 1
    for first in range(0, len(steps.piece), _BLOCK_STEPS):
        block = slice(first, first + _BLOCK_STEPS)
        across = _across(grid, pattern, steps, block, step_m)
        by_row = (across.in_row, 1.0 - across.in_row)
        by_column = (across.in_column, 1.0 - across.in_column)
        for number in range(len(totals)):
            spread_kg = np.outer(across.shares, weights_kg[number, block])
            for up, row_part in enumerate(by_row):
                row_kg = spread_kg * row_part
                for over, column_part in enumerate(by_column):
                    landed_kg = np.bincount(across.cell.ravel(), (row_kg * column_part).ravel(), minlength=first_cells)
                    offset = up * wide + over
                    sums_kg[number, offset : offset + first_cells] += landed_kg
    return [
        _deposit(grid, cells_kg, float(aside_kg), float(hole_kg))
        for cells_kg, aside_kg, hole_kg in zip(sums_kg, beside_kg, unlocated_kg, strict=True)
    ]


def _deposit(grid: Grid, cells_kg: Values, beside_kg: float, unlocated_kg: float) -> Deposit:
    """Return the deposit of the sums on a grid and the cells around it."""
    around_kg = cells_kg.reshape(grid.rows + 3, grid.columns + 3)
    inner = (slice(1, grid.rows + 1), slice(1, grid.columns + 1))
    mass_kg = around_kg[inner].copy()
    around_kg[inner] = 0.0
    return Deposit(grid, mass_kg, beside_kg + float(around_kg.sum()), unlocated_kg)


def _landed(time_s: Values, total_kg: Values, latency_s: float) -> Values:
    """Return the mass that lands on each piece of track."""
    landed_kg = np.interp(time_s - latency_s, time_s, total_kg)
    landed_kg[-1] = total_kg[-1]
    return np.diff(landed_kg)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps along pieces of track: middle, unit vector to the right and length of each, its piece, and their counts."""

    east_m: Values
    north_m: Values
    right_east: Values
    right_north: Values
    length_m: Values
    piece: NDArray[np.intp]
    count: NDArray[np.intp]

    def at(self, chosen: Mask) -> _Steps:
        """Return some of the steps."""
        columns = (self.east_m, self.north_m, self.right_east, self.right_north, self.length_m)
        east_m, north_m, right_east, right_north, length_m = (column[chosen] for column in columns)
        return _Steps(east_m, north_m, right_east, right_north, length_m, self.piece[chosen], self.count)


def _is_near(grid: Grid, pattern: Pattern, steps: _Steps) -> Mask:
    """Return whether each step may reach the grid."""
    reach_m = pattern.reach_m + steps.length_m + 2.0 * grid.cell_m
    east_m, north_m = steps.east_m - grid.west_m, steps.north_m - grid.south_m
    is_near: Mask = (
        (east_m > -reach_m)
        & (east_m < grid.columns * grid.cell_m + reach_m)
        & (north_m > -reach_m)
        & (north_m < grid.rows * grid.cell_m + reach_m)
    )
    return is_near


def _step_m(grid: Grid) -> float:
    share = _STEP_OF_CELL if grid.cell_m < _LARGE_CELL_M else _STEP_OF_LARGE_CELL
    return min(grid.cell_m * share, _LONGEST_STEP_M)


def _steps(outlet: OutletTrack, at: NDArray[np.intp], step_m: float) -> _Steps:
    """Return the steps into which pieces of track are cut."""
    east, north = outlet.east_m[at], outlet.north_m[at]
    along_east, along_north = outlet.east_m[at + 1] - east, outlet.north_m[at + 1] - north
    length_m = np.hypot(along_east, along_north)
    right_east, right_north = _headings(outlet, at)
    count = np.maximum(np.ceil(length_m / step_m).astype(np.intp), 1)
    piece = np.repeat(np.arange(len(at)), count)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    part = (number + 0.5) / count[piece]
    drift_east, drift_north = (
        np.broadcast_to(np.asarray(drift, np.float64), outlet.time_ms.shape)[at][piece]
        for drift in (outlet.wind_east_m, outlet.wind_north_m)
    )
    return _Steps(
        east[piece] + part * along_east[piece] + drift_east,
        north[piece] + part * along_north[piece] + drift_north,
        right_east[piece],
        right_north[piece],
        (length_m / count)[piece],
        piece,
        count,
    )


def _headings(outlet: OutletTrack, at: NDArray[np.intp]) -> tuple[Values, Values]:
    """Return the unit vector to the right of each piece; one without movement has the direction before it."""
    along_east, along_north = np.diff(outlet.east_m), np.diff(outlet.north_m)
    length_m = np.hypot(along_east, along_north)
    moving = np.flatnonzero(length_m > _TINY_M)
    if not len(moving):
        return np.ones(len(at)), np.zeros(len(at))
    own = moving[np.clip(np.searchsorted(moving, at, side="right") - 1, 0, None)]
    return along_north[own] / length_m[own], -along_east[own] / length_m[own]


@dataclass(frozen=True, slots=True)
class _Across:
    """Cells that each bin across each step touches: up to four, two columns and two rows.

    `cell` is the lower left one, on the grid with the cells around it; `in_row` and `in_column` are the parts of the
    bin in its row and column, the rest is in the next ones. `shares` are of the bins.
    """

    shares: Values
    cell: NDArray[np.intp]
    in_row: Values
    in_column: Values


def _across(grid: Grid, pattern: Pattern, steps: _Steps, block: slice, step_m: float) -> _Across:
    """Return the cells that each bin across a block of steps touches.

    A bin of a step is a rectangle; it is taken as one along the grid's axes with the same spread along each, which is
    exact for a track along an axis. What is beside the grid is in the cells around it.
    """
    bins = max(int(np.ceil((pattern.offset_m[-1] - pattern.offset_m[0]) / step_m)), 1)
    edges_m = np.linspace(pattern.offset_m[0], pattern.offset_m[-1], bins + 1)
    offsets_m, width_m = (edges_m[1:] + edges_m[:-1]) / 2, edges_m[1] - edges_m[0]
    right_east, right_north, length_m = steps.right_east[block], steps.right_north[block], steps.length_m[block]
    column, in_column = _touched(
        grid,
        offsets_m,
        (steps.east_m[block] - grid.west_m, right_east),
        np.hypot(right_east * width_m, right_north * length_m),
    )
    row, in_row = _touched(
        grid, offsets_m, (steps.north_m[block] - grid.south_m, right_north),
        np.hypot(right_north * width_m, right_east * length_m),
    )  # fmt: skip
    for line, part, lines in ((column, in_column, grid.columns), (row, in_row, grid.rows)):
        # Of a bin that lies wholly beside the grid no part may reach it.
        part[(line < -1) | (line >= lines)] = 1.0
        np.clip(line, -1, lines, out=line)
    cell = (row + 1).astype(np.intp) * (grid.columns + 3) + (column + 1)
    return _Across(pattern.shares(edges_m), cell, in_row, in_column)


def _touched(
    grid: Grid, offsets_m: Values, axis_m: tuple[Values, Values], extent_m: Values
) -> tuple[NDArray[np.int32], Values]:
    """Return the first line of cells that each bin of each step touches along an axis, and its part within that line.

    `axis_m` are the middles of the steps from the grid's edge and the axis' part of the vector to the right; `extent_m`
    are the bins' extents along the axis.
    """
    middle_m, right = axis_m
    extent = np.minimum(extent_m / grid.cell_m, 1.0)
    low = middle_m / grid.cell_m + np.outer(offsets_m / grid.cell_m, right) - extent / 2
    first = np.floor(low)
    within = np.minimum((first + 1.0 - low) / np.maximum(extent, _TINY_M), 1.0)
    # An edge on a line of cells belongs to one side, whatever the rounding.
    is_edge = within < _EDGE
    return (first + is_edge).astype(np.int32), np.where(is_edge | (within > 1.0 - _EDGE), 1.0, within)
