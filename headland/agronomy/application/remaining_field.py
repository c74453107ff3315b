"""Remaining ground of a field after an interrupted pass, and the swath lines that treat it, none of it twice.

remaining ground of the passes (`PassAreas`) --> rows in the direction of the finished work --> their parts over it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
import shapely.affinity

from headland.agronomy.series.arrays import Values

Place = tuple[float, float]
Line = tuple[Place, Place]

#: Open ground narrower than this share of a swath stays open: a swath there would treat its neighbours again.
_NARROW_SHARE: Final = 0.9
#: Shortest row over open ground that is flown [m].
_LEAST_ROW_M: Final = 3.0


@dataclass(frozen=True, slots=True)
class RemainingGround:
    """Open ground, and the lines to treat it in flying order: each ((east, north), (east, north)) [m]."""

    remaining: shapely.Geometry
    lines: tuple[Line, ...]

    @property
    def remaining_m2(self) -> float:
        """The area of open ground [m2]."""
        return float(self.remaining.area)

    @property
    def length_m(self) -> float:
        """The total length of the lines [m]."""
        return sum(float(np.hypot(end[0] - start[0], end[1] - start[1])) for start, end in self.lines)


def find_remaining_ground(remaining: shapely.Geometry, swath_m: float, bearing_deg: float) -> RemainingGround:
    """Return open ground with lines along `bearing_deg` that cover no ground twice.

    Lines are a swath apart in each part of it. Where it is narrower than nine tenths of a swath it stays open.
    """
    lines: list[Line] = []
    for part in sorted(shapely.get_parts(remaining), key=lambda polygon: polygon.bounds[:2]):
        if part.geom_type == "Polygon" and part.area > 0.0:
            lines.extend(_rows(part, swath_m, bearing_deg))
    return RemainingGround(
        remaining, tuple(line if index % 2 == 0 else (line[1], line[0]) for index, line in enumerate(lines))
    )


def main_bearing_deg(lines: list[Values]) -> float:
    """Return the mean direction of lines weighted by length, 0 to 180 [deg from north]; 0 without lines."""
    steps = [np.diff(line, axis=0) for line in lines if len(line) > 1]
    if not steps:
        return 0.0
    east, north = np.concatenate(steps).T
    # Doubled angles make there and back one direction.
    angle = 2.0 * np.arctan2(east, north)
    length = np.hypot(east, north)
    return float(np.degrees(np.arctan2((length * np.sin(angle)).sum(), (length * np.cos(angle)).sum())) / 2.0 % 180.0)


def _rows(part: shapely.Polygon, swath_m: float, bearing_deg: float) -> list[Line]:
    """Return the lines over one part, from one side to the other, whose swaths stay within it."""
    turned = shapely.affinity.rotate(part, bearing_deg, origin=(0.0, 0.0))
    inset_m = _NARROW_SHARE * swath_m / 2.0
    inner = turned.buffer(-inset_m, join_style="mitre")
    if inner.is_empty:
        return []
    west, south, east, north = inner.bounds
    count = int((east - west) / swath_m + 1e-6) + 1
    first = (west + east - (count - 1) * swath_m) / 2.0
    rows: list[Line] = []
    for number in range(count):
        across = first + number * swath_m
        cut = shapely.LineString([(across, south - 1.0), (across, north + 1.0)]).intersection(inner)
        for piece in shapely.get_parts(cut):
            if piece.geom_type != "LineString" or piece.is_empty or piece.length + 2.0 * inset_m < _LEAST_ROW_M:
                continue
            _, low, _, high = piece.bounds
            whole = shapely.LineString([(across, low - inset_m), (across, high + inset_m)])
            back = shapely.get_coordinates(shapely.affinity.rotate(whole, -bearing_deg, origin=(0.0, 0.0))).tolist()
            rows.append(((back[0][0], back[0][1]), (back[1][0], back[1][1])))
    return rows
