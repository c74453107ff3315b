"""Samples of a combine: place, width, speed, flow and moisture, their strips, and the ground that they cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Mask, Times, Values

#: A gap of so many usual steps, and of at least so many seconds, ends a strip.
_GAP_STEPS: Final = 3.0
_LEAST_GAP_S: Final = 5.0
#: A turn of more than this within two samples ends a strip [deg].
_TURN_DEG: Final = 45.0
#: Below this speed a direction is jitter of the positions [m/s].
_TURNING_M_S: Final = 0.7
#: Narrowest cut that is one [m].
LEAST_WIDTH_M: Final = 0.3
#: Side of the squares that say which ground was cut before [m].
_CUT_M: Final = 0.5
#: Places for each side of a square: a lattice that lies askew to the squares then misses few of them.
_PLACES: Final = 1.4
#: Ground that the same machine cut less than this before belongs to the same place of its strip [s].
_SAME_PLACE_S: Final = 10.0
#: Longest step between samples that cuts ground in between [m].
_MOST_STEP_M: Final = 20.0
#: Squares lie in rows of this many.
_ROW: Final = 10_000_019


@dataclass(frozen=True, slots=True)
class HarvestPoints:
    """Samples of one combine in time order, columns of equal length in metres of a plane; NaN where unknown.

    `width_m` is the width that the machine cut, NaN or 0 with the header up; `flow_kg_s` the wet mass at the sensor.
    """

    time_ms: Times
    east_m: Values
    north_m: Values
    width_m: Values
    speed_m_s: Values
    flow_kg_s: Values
    moisture_pct: Values

    @property
    def cutting(self) -> Mask:
        """Whether the header was down on a width."""
        return np.asarray(self.width_m >= LEAST_WIDTH_M, np.bool_)

    @property
    def step_s(self) -> Values:
        """The time since the sample before [s], the usual one after a gap."""
        if len(self.time_ms) < 2:
            return np.zeros(len(self.time_ms))
        steps = np.diff(self.time_ms) / 1000.0
        usual = float(np.median(steps))
        return np.concatenate(([usual], np.where(steps > _longest_step_s(usual), usual, steps)))

    @property
    def heading_deg(self) -> Values:
        """The direction of travel from the sample before to the one after, of the same work [deg from north]."""
        if len(self.time_ms) < 2:
            return np.zeros(len(self.time_ms))
        joined = ~self.breaks
        east, north = (np.where(joined, np.diff(column), 0.0) for column in (self.east_m, self.north_m))
        east, north = (np.append(step, 0.0) + np.append(0.0, step) for step in (east, north))
        return np.asarray(np.degrees(np.arctan2(east, north)) % 360.0)

    @property
    def breaks(self) -> Mask:
        """Whether a gap, or a header that went up or down, lies between each sample and the next (n - 1)."""
        steps = np.diff(self.time_ms) / 1000.0
        if not len(steps):
            return np.empty(0, np.bool_)
        cutting = self.cutting
        return np.asarray((steps > _longest_step_s(float(np.median(steps)))) | (cutting[1:] != cutting[:-1]), np.bool_)

    @property
    def mass_kg(self) -> float:
        """The wet mass that passed the sensor [kg]."""
        return float(np.nansum(self.flow_kg_s * self.step_s))


def find_strips(points: HarvestPoints) -> NDArray[np.int64]:
    """Return the number of each sample's strip, -1 without a cut; a gap, a raised header or a turn ends it."""
    n = len(points.time_ms)
    if n < 2:
        return np.where(points.cutting, 0, -1).astype(np.int64)
    heading = points.heading_deg
    is_turn = np.zeros(n - 1, np.bool_)
    moves = points.speed_m_s >= _TURNING_M_S
    breaks = points.breaks
    is_turn[1:] = (angle_deg(heading[2:], heading[:-2]) > _TURN_DEG) & moves[2:] & moves[:-2]
    is_turn[1:] &= ~breaks[1:] & ~breaks[:-1]
    cutting = points.cutting
    starts = np.concatenate(([True], breaks | is_turn))
    return np.where(cutting, np.cumsum(starts & cutting) - 1, -1)


def angle_deg(one_deg: Values, other_deg: Values) -> Values:
    """Return the angle between directions, 0 to 180 [deg]."""
    return np.asarray(np.abs((one_deg - other_deg + 180.0) % 360.0 - 180.0))


def cut_before(points: HarvestPoints) -> Values:
    """Return the share of each sample's cut, 0 to 1, on ground that was cut before; 0 for samples that did not cut.

    The ground between a sample and the one before it is divided into squares of half a metre across its width; a square
    belongs to whoever cut it first (Drummond, Fraisse and Sudduth 1999, Trans. ASAE 42(5), by squares for polygons).
    """
    share = np.zeros(len(points.time_ms))
    rows, squares = _squares_of(points)
    if not len(rows):
        return share
    time_s = points.time_ms[rows] / 1000.0
    _, which = np.unique(squares, return_inverse=True)
    first_s = np.full(int(which.max()) + 1, np.inf)
    np.minimum.at(first_s, which, time_s)
    before = first_s[which] < time_s - _SAME_PLACE_S
    count = np.bincount(rows, minlength=len(share))
    return np.asarray(np.bincount(rows, before, minlength=len(share)) / np.maximum(count, 1))


def cut_places(points: HarvestPoints) -> tuple[Values, Values]:
    """Return east and north of the middles of all squares that were cut, each once [m]."""
    _, squares = _squares_of(points)
    unique = np.unique(squares)
    row, column = np.divmod(unique + _ROW // 2, _ROW)
    return (column - _ROW // 2 + 0.5) * _CUT_M, (row + 0.5) * _CUT_M


def _squares_of(points: HarvestPoints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of samples, and of the squares that each cut."""
    rows = np.flatnonzero(points.cutting)
    if not len(rows):
        return rows, rows
    heading = np.radians(points.heading_deg[rows])
    width = points.width_m[rows]
    length = np.clip(np.nan_to_num(points.speed_m_s[rows]) * points.step_s[rows], 0.0, _MOST_STEP_M)
    along, across = (
        int(np.ceil(max(float(np.percentile(size, 99)), _CUT_M) / _CUT_M * _PLACES)) for size in (length, width)
    )
    back = -((np.arange(along) + 0.5) / along)[:, None] * length[:, None, None]
    aside = ((np.arange(across) + 0.5) / across - 0.5)[None, :] * width[:, None, None]
    sine, cosine = np.sin(heading)[:, None, None], np.cos(heading)[:, None, None]
    column = np.floor((points.east_m[rows][:, None, None] + back * sine + aside * cosine) / _CUT_M).astype(np.int64)
    row = np.floor((points.north_m[rows][:, None, None] + back * cosine - aside * sine) / _CUT_M).astype(np.int64)
    return np.repeat(rows, along * across), (row * _ROW + column).ravel()


def _longest_step_s(usual_s: float) -> float:
    return max(_GAP_STEPS * usual_s, _LEAST_GAP_S)
