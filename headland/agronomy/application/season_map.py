"""A season on a grid, field by field: maps are added to the tile of their field, and a closed tile is only its sums.

So much memory is needed as the largest field takes, however many fields and passes: 1,000 ha treated ten times
on a 1 m grid are 100 million cells, and never more than one map and one tile of them are held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.outline import USABLE
from headland.agronomy.series.arrays import Mask, Values


@dataclass(frozen=True, slots=True)
class SeasonTile:
    """What a season brought one field: the amount on all cells, and of its usable ground area, mean and spread.

    `usable_amount` is what lies on the usable cells; `cv_pct` is over them, None without two.
    """

    amount: float
    usable_amount: float
    usable_m2: float
    untreated_m2: float
    cv_pct: float | None
    passes: int


@dataclass(slots=True)
class _Open:
    grid: Grid
    amount: NDArray[np.float32]
    usable: Mask
    sum_of_all: float
    passes: int


class SeasonMap:
    """Tiles of `cell_m` [m, > 0] that are open. Grids of a field lie on the lines of one plane (`deposit.fit_grid`)."""

    def __init__(self, cell_m: float) -> None:
        self._cell_m = cell_m
        self._open: dict[str, _Open] = {}

    def add(self, field: str, grid: Grid, amount: Values, places: NDArray[np.uint8]) -> None:
        """Add a pass's map to its field's tile; raises ValueError for a grid that does not lie on the tile's lines."""
        tile = self._open.get(field)
        if tile is None:
            self._open[field] = _Open(grid, amount.astype(np.float32), places == USABLE, float(amount.sum()), 1)
            return
        if tile.grid != grid:
            tile = self._open[field] = _widen(tile, grid)
        row, column = _offset(tile.grid, grid)
        part = (slice(row, row + grid.rows), slice(column, column + grid.columns))
        tile.amount[part] += amount.astype(np.float32)
        tile.usable[part] |= places == USABLE
        tile.sum_of_all += float(amount.sum())
        tile.passes += 1

    def close(self, field: str) -> SeasonTile:
        """Return the sums of a field and let its cells go; raises KeyError for one that got nothing."""
        tile = self._open.pop(field)
        usable = tile.amount[tile.usable].astype(np.float64)
        cell_m2 = self._cell_m * self._cell_m
        mean = float(usable.mean()) if len(usable) else 0.0
        return SeasonTile(
            amount=tile.sum_of_all,
            usable_amount=float(usable.sum()),
            usable_m2=len(usable) * cell_m2,
            untreated_m2=int(np.count_nonzero(usable <= 0.0)) * cell_m2,
            cv_pct=100.0 * float(usable.std(ddof=1)) / mean if len(usable) > 1 and mean > 0.0 else None,
            passes=tile.passes,
        )


def _offset(whole: Grid, part: Grid) -> tuple[int, int]:
    """Return the row and the column of a grid's corner in a larger one."""
    row, column = (part.south_m - whole.south_m) / part.cell_m, (part.west_m - whole.west_m) / part.cell_m
    if whole.cell_m != part.cell_m or abs(row - round(row)) > 1e-3 or abs(column - round(column)) > 1e-3:
        raise ValueError("the grids of a field lie on the lines of one plane and have cells of one size")
    return round(row), round(column)


def _widen(tile: _Open, grid: Grid) -> _Open:
    """Return a tile that also holds the ground of another grid."""
    cell_m = grid.cell_m
    west, south = min(tile.grid.west_m, grid.west_m), min(tile.grid.south_m, grid.south_m)
    east = max(each.west_m + each.columns * cell_m for each in (tile.grid, grid))
    north = max(each.south_m + each.rows * cell_m for each in (tile.grid, grid))
    wide = Grid(west, south, cell_m, round((north - south) / cell_m), round((east - west) / cell_m))
    amount, usable = np.zeros((wide.rows, wide.columns), np.float32), np.zeros((wide.rows, wide.columns), np.bool_)
    row, column = _offset(wide, tile.grid)
    part = (slice(row, row + tile.grid.rows), slice(column, column + tile.grid.columns))
    amount[part], usable[part] = tile.amount, tile.usable
    return _Open(wide, amount, usable, tile.sum_of_all, tile.passes)
