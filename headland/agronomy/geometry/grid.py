"""Grids of square cells in a local plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headland.agronomy.series.arrays import Values


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up grid of square cells: row 0 is the southernmost, column 0 the westernmost; metres in a local plane."""

    west_m: float
    south_m: float
    cell_m: float
    rows: int
    columns: int

    @property
    def cell_ha(self) -> float:
        """The area of a cell [ha]."""
        return self.cell_m * self.cell_m / 10_000.0

    @property
    def north_east_m(self) -> tuple[float, float]:
        """The grid's corner to the north-east: metres east, metres north."""
        return self.west_m + self.columns * self.cell_m, self.south_m + self.rows * self.cell_m

    def centres_m(self) -> tuple[Values, Values]:
        """Return east of each column's and north of each row's middle."""
        east = self.west_m + (np.arange(self.columns, dtype=np.float64) + 0.5) * self.cell_m
        north = self.south_m + (np.arange(self.rows, dtype=np.float64) + 0.5) * self.cell_m
        return np.asarray(east, np.float64), np.asarray(north, np.float64)
