"""True coverage: treated area and overlap on a fine raster."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from firmware_sim.drone.physics.kinematics import Motion

Edge = tuple[tuple[float, float], tuple[float, float]]


def edge_of(motion: Motion, swath_m: float) -> Edge:
    """Return the left and right end of the swath across the true direction of travel."""
    speed = motion.speed_m_s
    east, north = (
        (motion.east_m_s / speed, motion.north_m_s / speed)
        if speed > 0.05
        else (math.sin(motion.yaw_rad), math.cos(motion.yaw_rad))
    )
    half_m = swath_m / 2
    left = (motion.east_m - north * half_m, motion.north_m + east * half_m)
    right = (motion.east_m + north * half_m, motion.north_m - east * half_m)
    return left, right


class Raster:
    """Square cells of a rectangle; a cell is treated when its centre is inside a painted quadrilateral.

    `treated_m2` is the area of the union of all quadrilaterals, `overlap_m2` the sum of their areas minus that union.
    Ground outside the rectangle is not counted.
    """

    def __init__(self, low: tuple[float, float], high: tuple[float, float], cell_m: float = 0.1) -> None:
        self._low = low
        self._cell_m = cell_m
        columns = math.ceil((high[0] - low[0]) / cell_m)
        rows = math.ceil((high[1] - low[1]) / cell_m)
        self._sprayed: NDArray[np.bool_] = np.zeros((rows, columns), dtype=np.bool_)
        self._new_cells = 0
        self._repeated_cells = 0

    @property
    def treated_m2(self) -> float:
        """Area treated at least once."""
        return self._new_cells * self._cell_m**2

    @property
    def overlap_m2(self) -> float:
        """Repeatedly treated area, counted for every repetition."""
        return self._repeated_cells * self._cell_m**2

    def paint(self, start: Edge, end: Edge) -> None:
        """Paint the ground between two successive edges of the swath.

        A centre on a common edge of two quadrilaterals belongs to exactly one of them: a straight swath does not
        overlap itself.
        """
        corners = [
            ((x - self._low[0]) / self._cell_m - 0.5, (y - self._low[1]) / self._cell_m - 0.5)
            for x, y in (start[0], start[1], end[1], end[0])
        ]
        rows, columns = self._sprayed.shape
        west = max(0, math.floor(min(x for x, _ in corners)))
        east = min(columns, math.ceil(max(x for x, _ in corners)) + 1)
        south = max(0, math.floor(min(y for _, y in corners)))
        north = min(rows, math.ceil(max(y for _, y in corners)) + 1)
        if west >= east or south >= north:
            return
        inside = _inside(corners, np.arange(west, east)[None, :], np.arange(south, north)[:, None])
        window = self._sprayed[south:north, west:east]
        painted = int(np.count_nonzero(inside))
        new = int(np.count_nonzero(inside & ~window))
        self._new_cells += new
        self._repeated_cells += painted - new
        window |= inside


def _inside(corners: list[tuple[float, float]], x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which points are inside a polygon, by crossings of the ray to the east (half-open)."""
    inside = np.zeros((y.shape[0], x.shape[1]), dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y1 == y2:
            continue
        # The same arithmetic for both directions of an edge: neighbours agree on the points on it.
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1  # noqa: PLW2901 - putting an edge in order
        crosses = (y1 <= y) & (y < y2)
        inside ^= crosses & (x < x1 + (y - y1) * ((x2 - x1) / (y2 - y1)))
    return inside
