"""Designs of a trial: which treatment each plot has, drawn at random within what the design allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.series.arrays import require

MOST_PLOTS: Final = 2000
NO_PLOT: Final = -1


class DesignKind(StrEnum):
    """Kind of a design."""

    STRIPS = "strips"
    BLOCKS = "rcbd"
    SPLIT_PLOT = "split_plot"
    CHECKERBOARD = "checkerboard"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot by its row (along the work) and column (across it), with its block, main plot and treatment."""

    row: int
    column: int
    block: int
    main_plot: int
    treatment: str


@dataclass(frozen=True, slots=True)
class Design:
    """Plots of a trial in `rows` by `columns`."""

    kind: DesignKind
    rows: int
    columns: int
    plots: tuple[Plot, ...]

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments in the order of their names."""
        return tuple(sorted({plot.treatment for plot in self.plots}))


def design_strips(treatments: Sequence[str], pairs: int, seed: int) -> Design:
    """Return strips as long as the field: every treatment once in each of `pairs` neighbouring groups, at random."""
    _check(treatments, pairs)
    rng = np.random.default_rng(seed)
    plots = [
        Plot(0, pair * len(treatments) + place, pair, pair, treatments[index])
        for pair in range(pairs)
        for place, index in enumerate(rng.permutation(len(treatments)))
    ]
    return Design(DesignKind.STRIPS, 1, pairs * len(treatments), tuple(plots))


def design_blocks(treatments: Sequence[str], blocks: int, seed: int) -> Design:
    """Return complete blocks, one after another along the work; within each, every treatment once at random."""
    _check(treatments, blocks)
    rng = np.random.default_rng(seed)
    plots = [
        Plot(block, place, block, block, treatments[index])
        for block in range(blocks)
        for place, index in enumerate(rng.permutation(len(treatments)))
    ]
    return Design(DesignKind.BLOCKS, blocks, len(treatments), tuple(plots))


def design_split_plot(mains: Sequence[str], subs: Sequence[str], blocks: int, seed: int) -> Design:
    """Return blocks of main plots, each divided into sub plots: treatments are `main/sub`, both drawn at random."""
    _check(mains, blocks)
    _check(subs, blocks * len(mains))
    rng = np.random.default_rng(seed)
    plots = []
    for block in range(blocks):
        for place, main in enumerate(rng.permutation(len(mains))):
            for inner, sub in enumerate(rng.permutation(len(subs))):
                column = place * len(subs) + inner
                label = f"{mains[main]}/{subs[sub]}"
                plots.append(Plot(block, column, block, block * len(mains) + place, label))
    return Design(DesignKind.SPLIT_PLOT, blocks, len(mains) * len(subs), tuple(plots))


def design_checkerboard(base: str, rich: str, rows: int, columns: int) -> Design:
    """Return a checkerboard of a base and an N-rich treatment: each plot's neighbours have the other one."""
    _check((base, rich), rows * columns // 2)
    plots = [
        Plot(row, column, (row // 2) * math.ceil(columns / 2) + column // 2, row, (base, rich)[(row + column) % 2])
        for row in range(rows)
        for column in range(columns)
    ]
    return Design(DesignKind.CHECKERBOARD, rows, columns, tuple(plots))


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a trial lies in a plane: its corner [m], the direction of work [deg from north], and the plots' size [m].

    Rows run along the work from the corner, columns to its right. `gap_m` is left out between rows.
    """

    east_m: float
    north_m: float
    heading_deg: float
    length_m: float
    width_m: float
    gap_m: float = 0.0


def place_design(design: Design, placement: Placement, grid: Grid) -> NDArray[np.int64]:
    """Return the index of the plot at the middle of each cell (rows from south to north), `NO_PLOT` beside them."""
    require("length_m", placement.length_m, above=0.0)
    require("width_m", placement.width_m, above=0.0)
    require("gap_m", placement.gap_m, 0.0)
    heading = math.radians(placement.heading_deg)
    east = grid.west_m + (np.arange(grid.columns) + 0.5) * grid.cell_m - placement.east_m
    north = grid.south_m + (np.arange(grid.rows) + 0.5) * grid.cell_m - placement.north_m
    along = east[None, :] * math.sin(heading) + north[:, None] * math.cos(heading)
    across = east[None, :] * math.cos(heading) - north[:, None] * math.sin(heading)
    step_m = placement.length_m + placement.gap_m
    row = np.floor(along / step_m).astype(np.int64)
    column = np.floor(across / placement.width_m).astype(np.int64)
    inside = (row >= 0) & (row < design.rows) & (column >= 0) & (column < design.columns)
    inside &= along - row * step_m < placement.length_m
    at = np.full((design.rows, design.columns), NO_PLOT, np.int64)
    for index, plot in enumerate(design.plots):
        at[plot.row, plot.column] = index
    found = np.full(inside.shape, NO_PLOT, np.int64)
    found[inside] = at[row[inside], column[inside]]
    return found


def rates_of(design: Design, placed: NDArray[np.int64], rates: dict[str, float]) -> NDArray[np.float64]:
    """Return the rate of each cell by its plot's treatment, NaN beside the trial; raises KeyError without a rate."""
    by_plot = np.array([*(rates[plot.treatment] for plot in design.plots), np.nan])
    return by_plot[placed]


def _check(treatments: Sequence[str], replicates: int) -> None:
    if len(treatments) < 2 or len(set(treatments)) < len(treatments):
        raise ValueError("a trial has at least two treatments with names of their own")
    if replicates < 2:
        raise ValueError("a trial has at least two replicates")
    if len(treatments) * replicates > MOST_PLOTS:
        raise ValueError(f"a trial has at most {MOST_PLOTS} plots")
