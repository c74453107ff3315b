"""Swaths of a vehicle: the ground that it covered, from its track and the times of product release.

Positions become metres on a plane that touches the WGS84 ellipsoid at the field. A gap in the track is a gap in the
covered ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.series.arrays import Mask, Times, Values, require
from headland.agronomy.series.intervals import Intervals, bridge, intersect, no_time

#: Longest gap between positions that are joined by a line.
MAX_TRACK_GAP_S: Final = 2.0
#: Longest gap between pump states across which the state is known.
MAX_STATE_GAP_S: Final = 5.0
#: A track is thinned to within this share of the swath before it is widened. Otherwise the jitter of satellite fixes
#: counts as distance flown, and so as overlap.
_TOLERANCE_OF_SWATH: Final = 0.01
_COS_45: Final = 0.7071
#: Precision of all ground, a tenth of a millimetre. With free floating-point coordinates GEOS returned a union of
#: nearly coinciding edges (there and back) half as large again as its pieces together.
GRID_M: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Track:
    """Positions in time order, columns of equal length, WGS84."""

    time_ms: Times
    latitude_deg: Values
    longitude_deg: Values


@dataclass(frozen=True, slots=True)
class Ground:
    """Ground covered by passes: the area of their union, and the area covered more than once [m2]."""

    treated_m2: float
    overlap_m2: float
    passes: int


def to_local_metres(track: Track, origin_deg: tuple[float, float] | None = None) -> Values:
    """Return the track as an (n, 2) array of metres east and north of `origin_deg` (latitude, longitude).

    The origin is the median position unless given. Lengths are right to 0.1 % within 3 km of it up
    to 60 degrees of latitude: the meridian and prime vertical radii of the origin hold for the whole plane.
    """
    if len(track.time_ms) == 0:
        return np.empty((0, 2))
    latitude, longitude = origin_deg or (float(np.median(track.latitude_deg)), float(np.median(track.longitude_deg)))
    return np.column_stack(Plane(latitude, longitude).to_metres(track.latitude_deg, track.longitude_deg))


def find_on_time(time_ms: Times, on: Mask, max_gap_s: float = MAX_STATE_GAP_S) -> Intervals:
    """Return when a state that was sampled at `time_ms` was on.

    Between two samples that differ, the change is half-way, so that sampling shifts neither the start nor the end on
    average. Between samples more than `max_gap_s` apart the state is unknown and counts as off.
    """
    if len(time_ms) < 2:
        return no_time()
    time = time_ms.astype(np.float64)
    middles = (time[1:] + time[:-1]) / 2.0
    first = np.where(on[:-1], time[:-1], middles)
    last = np.where(on[1:], time[1:], middles)
    is_on = (np.diff(time) <= max_gap_s * 1000.0) & (on[:-1] | on[1:])
    pieces = np.column_stack((first[is_on], last[is_on]))
    return _join(pieces)


def find_passes(track: Track, on_time: Intervals, origin_deg: tuple[float, float] | None = None) -> list[Values]:
    """Return the line of each stretch of spraying, (k, 2) metres of `to_local_metres`, its ends interpolated.

    A gap in the track of more than `MAX_TRACK_GAP_S` ends a line; another starts behind it.
    """
    located = bridge(track.time_ms, MAX_TRACK_GAP_S)
    metres = to_local_metres(track, origin_deg)
    time = track.time_ms.astype(np.float64)
    passes: list[Values] = []
    for start, end in intersect(located, on_time):
        inner = (time > start) & (time < end)
        ends = [[np.interp(t, time, metres[:, axis]) for axis in (0, 1)] for t in (start, end)]
        passes.append(np.concatenate((ends[:1], metres[inner], ends[1:])))
    return passes


def measure_ground(passes: list[Values], swath_m: float) -> Ground:
    """Return the ground that passes of width `swath_m` [m, > 0] covered; their ends are straight, not round.

    Overlap is length times width of all lines minus the area of their union, so a pass that crosses itself overlaps.
    """
    require("swath_m", swath_m, above=0.0)
    thinned = _thin(passes, swath_m)
    if not thinned:
        return Ground(0.0, 0.0, 0)
    pieces = [piece for line in thinned for piece in _widen(line, swath_m / 2.0)]
    treated = float(shapely.union_all(pieces, grid_size=GRID_M).area)
    gross = sum(float(np.sum(np.hypot(*np.diff(line, axis=0).T))) for line in thinned) * swath_m
    return Ground(treated, max(gross - treated, 0.0), len(thinned))


def draw_swaths(passes: list[Values], swath_m: float) -> list[shapely.Geometry]:
    """Return the ground that each pass covered; passes without movement cover none."""
    widened = (_widen(line, swath_m / 2.0) for line in _thin(passes, swath_m))
    return [pieces[0] if len(pieces) == 1 else shapely.union_all(pieces, grid_size=GRID_M) for pieces in widened]


def _thin(passes: list[Values], swath_m: float) -> list[Values]:
    """Return the lines without jitter, and without those of no length."""
    # Differences by rounding alone overflow the thinning.
    lines = [shapely.LineString(np.round(line / GRID_M) * GRID_M) for line in passes]
    return [
        _drop_repeats(np.asarray(line.coords))
        for line in shapely.simplify(lines, _TOLERANCE_OF_SWATH * swath_m)
        if line.length > 0.0
    ]


def _drop_repeats(line: Values) -> Values:
    return line[np.concatenate(([True], np.any(np.diff(line, axis=0) != 0.0, axis=1)))]


def _widen(line: Values, half_m: float) -> list[shapely.Geometry]:
    """Return polygons that together are the swath along a line of distinct neighbouring points.

    The line is cut where it has turned by more than 45 degrees, so that no part can meet itself: GEOS fills the inside
    of a widened line that runs back along itself. The outer corner of each cut is filled straight.
    """
    steps = np.diff(line, axis=0)
    along = steps / np.hypot(steps[:, :1], steps[:, 1:])
    cuts = [0]
    for index in range(1, len(along)):
        if float(along[index] @ along[cuts[-1]]) < _COS_45:
            cuts.append(index)
    parts = [line[first : last + 1] for first, last in zip(cuts, [*cuts[1:], len(along)], strict=True)]
    pieces = [shapely.buffer(shapely.LineString(part), half_m, cap_style="flat", quad_segs=8) for part in parts]
    for index in cuts[1:]:
        before, after = along[index - 1], along[index]
        side = -half_m if float(before[0] * after[1] - before[1] * after[0]) > 0.0 else half_m
        corners = [line[index] + side * np.array((-step[1], step[0])) for step in (before, after)]
        pieces.append(shapely.Polygon([line[index], *corners]))
    return pieces


def _join(pieces: Intervals) -> Intervals:
    """Merge neighbours that touch; `pieces` ascend and do not overlap."""
    if len(pieces) == 0:
        return pieces
    starts = np.concatenate(([True], pieces[1:, 0] > pieces[:-1, 1]))
    ends = np.concatenate((starts[1:], [True]))
    return np.column_stack((pieces[starts, 0], pieces[ends, 1]))
