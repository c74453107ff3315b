"""Flight lines of a treatment: parallel lines, their pieces by rate, and their division into loads.

All in metres of one plane, bearings clockwise from north.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from headland.agronomy.series.arrays import Values

Place = tuple[float, float]
#: Function that returns the rate at places east and north; NaN where none is prescribed.
RateAt = Callable[[Values, Values], Values]

_SAMPLE_M: Final = 0.5
#: Shortest piece, as a share of the swath, that has a rate of its own.
_LEAST_OF_SWATH: Final = 1.0


@dataclass(frozen=True, slots=True)
class TreatedLeg:
    """A straight line on which the machine is on, with one rate per hectare."""

    start: Place
    end: Place
    rate_ha: float

    @property
    def length_m(self) -> float:
        """The length [m]."""
        return math.dist(self.start, self.end)

    def amount(self, swath_m: float) -> float:
        """Return the amount for a swath."""
        return self.rate_ha * self.length_m * swath_m / 10_000.0

    def cut(self, length_m: float) -> tuple[TreatedLeg, TreatedLeg]:
        """Return the part up to a length and the rest."""
        share = length_m / self.length_m
        at = tuple(a + share * (b - a) for a, b in zip(self.start, self.end, strict=True))
        return replace(self, end=(at[0], at[1])), replace(self, start=(at[0], at[1]))


@dataclass(frozen=True, slots=True)
class FlightLine:
    """Pieces along one straight line in the order flown, at least one."""

    pieces: tuple[TreatedLeg, ...]

    def beyond(self, run_m: float) -> tuple[Place, Place]:
        """Return the places `run_m` before its first piece and after its last."""
        start, end = self.pieces[0].start, self.pieces[-1].end
        length_m = math.dist(start, end)
        step = tuple((b - a) / length_m for a, b in zip(start, end, strict=True))
        before = (start[0] - run_m * step[0], start[1] - run_m * step[1])
        return before, (end[0] + run_m * step[0], end[1] + run_m * step[1])


def long_side_deg(field: shapely.Geometry) -> float:
    """Return the bearing of a field's long side, 0 to 180."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(field))
    sides = np.diff(corners[:3], axis=0)
    east, north = sides[np.hypot(*sides.T).argmax()]
    return math.degrees(math.atan2(east, north)) % 180.0


def draw_lines(
    field: shapely.Geometry, barred: shapely.Geometry, swath_m: float, bearing_deg: float, rate_at: RateAt
) -> list[FlightLine]:
    """Return the lines that treat a field, back and forth, a swath apart and equally far from both edges.

    The machine is off within half a swath of `barred` ground, and where no rate or a rate of 0 is prescribed.
    """
    sine, cosine = math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))
    turn = np.array([[sine, cosine], [cosine, -sine]])  # its own inverse
    treated = field if barred.is_empty else field.difference(barred.buffer(swath_m / 2.0))
    turned = shapely.transform(treated, lambda spots: spots @ turn)
    _, low_m, _, high_m = shapely.transform(field, lambda spots: spots @ turn).bounds
    west_m, _, east_m, _ = turned.bounds if not turned.is_empty else (0.0, 0.0, 0.0, 0.0)
    count = max(round((high_m - low_m) / swath_m), 1)
    first_m = (low_m + high_m - (count - 1) * swath_m) / 2.0
    lines: list[FlightLine] = []
    for across_m in first_m + swath_m * np.arange(count):
        row = shapely.LineString([(west_m - 1.0, across_m), (east_m + 1.0, across_m)]).intersection(turned)
        pieces = [
            piece
            for along_m in sorted(shapely.get_coordinates(part)[:, 0].tolist() for part in shapely.get_parts(row))
            # Between the parts of a field a row meets nothing: its intersection is one empty line.
            if along_m
            for piece in _rate_pieces(along_m[0], along_m[-1], float(across_m), turn, swath_m, rate_at)
        ]
        if not pieces:
            continue
        if len(lines) % 2:
            pieces = [replace(piece, start=piece.end, end=piece.start) for piece in reversed(pieces)]
        lines.append(FlightLine(tuple(pieces)))
    return lines


def rate_lines(rows: Sequence[tuple[Place, Place]], swath_m: float, rate_at: RateAt) -> list[FlightLine]:
    """Return the lines from start to end of each row, in pieces by rate; none where the rate is 0."""
    lines: list[FlightLine] = []
    for start, end in rows:
        length_m = math.dist(start, end)
        sine, cosine = ((b - a) / length_m for a, b in zip(start, end, strict=True))
        turn = np.array([[sine, cosine], [cosine, -sine]])  # its own inverse
        (from_m, across_m), (to_m, _) = (np.array([start, end]) @ turn).tolist()
        if pieces := tuple(_rate_pieces(from_m, to_m, across_m, turn, swath_m, rate_at)):
            lines.append(FlightLine(pieces))
    return lines


def share_loads(lines: Sequence[FlightLine], swath_m: float, capacity: float | None) -> list[list[FlightLine]]:
    """Return the lines divided into loads of at most `capacity` each; a piece is cut where a load ends.

    One load where the capacity is unknown (None). Raises ValueError where a load does not last for a swath's length.
    """
    if capacity is None:
        return [list(lines)]
    loads: list[list[FlightLine]] = [[]]
    left = capacity
    for line in lines:
        now: list[TreatedLeg] = []
        waiting = list(reversed(line.pieces))
        while waiting:
            piece = waiting.pop()
            amount = piece.amount(swath_m)
            if amount <= left + 1e-9:
                now.append(piece)
                left -= amount
                continue
            reach_m = piece.length_m * left / amount
            if left == capacity and reach_m < swath_m * _LEAST_OF_SWATH:
                raise ValueError(f"a load of {capacity:g} is used up within {reach_m:.1f} m: the tank is too small")
            if reach_m >= swath_m * _LEAST_OF_SWATH:
                part, piece = piece.cut(reach_m)
                now.append(part)
            waiting.append(piece)
            if now:
                loads[-1].append(FlightLine(tuple(now)))
            loads.append([])
            now, left = [], capacity
        if now:
            loads[-1].append(FlightLine(tuple(now)))
    return [load for load in loads if load]


def _rate_pieces(
    start_m: float, end_m: float, across_m: float, turn: Values, swath_m: float, rate_at: RateAt
) -> Iterator[TreatedLeg]:
    """Yield the pieces of one stretch of a line by their rate, from low to high."""
    if end_m - start_m < _LEAST_OF_SWATH * swath_m:
        return
    count = max(round((end_m - start_m) / _SAMPLE_M), 1)
    edges_m = np.linspace(start_m, end_m, count + 1)
    middles = np.column_stack(((edges_m[1:] + edges_m[:-1]) / 2.0, np.full(count, across_m))) @ turn
    rates = _without_gaps(rate_at(middles[:, 0], middles[:, 1]))
    runs = _long_runs(rates, max(int(_LEAST_OF_SWATH * swath_m / _SAMPLE_M), 1))
    for first, last, rate in runs:
        if rate > 0.0:
            ends = np.array([[edges_m[first], across_m], [edges_m[last], across_m]]) @ turn
            yield TreatedLeg((float(ends[0, 0]), float(ends[0, 1])), (float(ends[1, 0]), float(ends[1, 1])), rate)


def _without_gaps(rates: Values) -> Values:
    """Return rates with each NaN replaced by the nearest known rate; all 0 where none is known."""
    known = np.flatnonzero(np.isfinite(rates))
    if not len(known):
        return np.zeros(len(rates))
    at = np.arange(len(rates))
    return np.asarray(rates[known[np.abs(at[:, None] - known[None]).argmin(axis=1)]])


def _long_runs(rates: Values, least: int) -> list[tuple[int, int, float]]:
    """Return (first, past the last, rate) of runs of equal rates; one that is short joins the longer neighbour."""
    edges = [0, *(np.flatnonzero(np.diff(rates)) + 1).tolist(), len(rates)]
    runs = [(first, last, float(rates[first])) for first, last in pairwise(edges)]
    while len(runs) > 1:
        shortest = min(range(len(runs)), key=lambda number: runs[number][1] - runs[number][0])
        if runs[shortest][1] - runs[shortest][0] >= least:
            break
        beside = [number for number in (shortest - 1, shortest + 1) if 0 <= number < len(runs)]
        other = max(beside, key=lambda number: runs[number][1] - runs[number][0])
        low, high = sorted((shortest, other))
        runs[low : high + 1] = [(runs[low][0], runs[high][1], runs[other][2])]
    joined: list[tuple[int, int, float]] = []
    for run in runs:
        if joined and joined[-1][2] == run[2]:
            joined[-1] = (joined[-1][0], run[1], run[2])
        else:
            joined.append(run)
    return joined
