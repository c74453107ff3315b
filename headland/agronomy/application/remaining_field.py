"""What is left of a field after a pass that was broken off, and the swath lines to finish it: nothing is treated twice.

usable field less what swaths covered --> rows in the direction of the work done --> their parts over open ground
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

#: Open ground narrower than this part of a swath is left: a swath there would treat again what is treated already.
_NARROW_SHARE: Final = 0.9
#: A row of which less than this lies over open ground is not flown [m].
_LEAST_ROW_M: Final = 3.0


@dataclass(frozen=True, slots=True)
class RemainingGround:
    """Open ground, and the lines to treat it in flying order: each ((east, north), (east, north)) [m]."""

    remaining: shapely.Geometry
    lines: tuple[Line, ...]

    @property
    def remaining_m2(self) -> float:
        """How much ground is open."""
        return float(self.remaining.area)

    @property
    def length_m(self) -> float:
        """How far the lines go together."""
        return sum(float(np.hypot(end[0] - start[0], end[1] - start[1])) for start, end in self.lines)


def find_remaining_ground(
    usable: shapely.Geometry, covered: list[shapely.Geometry], swath_m: float, bearing_deg: float
) -> RemainingGround:
    """Return what `covered` leaves of a field, with lines along `bearing_deg` that cover no ground a second time.

    Lines lie a swath apart in each part of the open ground; where it is narrower than nine tenths of a swath it stays
    open, which `remaining` says.
    """
    done = shapely.union_all(covered, grid_size=1e-4) if covered else shapely.Polygon()
    remaining = usable.difference(done)
    lines: list[Line] = []
    for part in sorted(shapely.get_parts(remaining), key=lambda each: each.bounds[:2]):
        if part.geom_type == "Polygon" and part.area > 0.0:
            lines.extend(_rows(part, swath_m, bearing_deg))
    return RemainingGround(
        remaining, tuple(line if index % 2 == 0 else (line[1], line[0]) for index, line in enumerate(lines))
    )


def main_bearing_deg(lines: list[Values]) -> float:
    """Return the direction of most of the way of some lines, 0 to 180 [deg from north]; 0 without any."""
    steps = [np.diff(line, axis=0) for line in lines if len(line) > 1]
    if not steps:
        return 0.0
    east, north = np.concatenate(steps).T
    # Doubled angles: there and back are one direction.
    angle = 2.0 * np.arctan2(east, north)
    length = np.hypot(east, north)
    return float(np.degrees(np.arctan2((length * np.sin(angle)).sum(), (length * np.cos(angle)).sum())) / 2.0 % 180.0)


def _rows(part: shapely.Polygon, swath_m: float, bearing_deg: float) -> list[Line]:
    """Return the lines over one part, from its one side to the other, whose swaths stay within it."""
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
