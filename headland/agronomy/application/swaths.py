"""What the swaths of a pass cover of a field: once, more than once, and not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

#: Skips and overlaps narrower than this part of a swath are jitter of the track; their area counts, they are not named.
NAMED_SHARE_OF_SWATH: Final = 0.06
_GRID_M: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Cover:
    """Areas within a field [m2], and the places of what was left out and what was covered again, the largest first."""

    field_m2: float
    covered_m2: float
    overlap_m2: float
    skipped_m2: float
    skips: tuple[shapely.Polygon, ...]
    overlaps: tuple[shapely.Polygon, ...]


def measure_cover(swaths: list[shapely.Geometry], field: shapely.Geometry, swath_m: float) -> Cover:
    """Return what swaths cover of a field; all in metres of one plane. Overlap counts each time after the first."""
    drawn = np.array(swaths, dtype=object)
    clipped = (_surfaces(part) for part in shapely.intersection(drawn, field, grid_size=_GRID_M))
    within = [part for part in clipped if not part.is_empty]
    covered = shapely.union_all(within, grid_size=_GRID_M)
    gross_m2 = sum(float(part.area) for part in within)
    skipped = shapely.difference(field, covered, grid_size=_GRID_M)
    return Cover(
        field_m2=float(field.area),
        covered_m2=float(covered.area),
        overlap_m2=max(gross_m2 - float(covered.area), 0.0),
        skipped_m2=float(skipped.area),
        skips=list_parts(skipped, swath_m),
        overlaps=list_parts(_find_overlaps(within), swath_m),
    )


def _find_overlaps(swaths: list[shapely.Geometry]) -> shapely.Geometry:
    """Return the ground that two or more swaths cover."""
    drawn = np.array(swaths, dtype=object)
    one, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
    pairs = one < other
    shared = shapely.intersection(drawn[one[pairs]], drawn[other[pairs]], grid_size=_GRID_M)
    return shapely.union_all([_surfaces(part) for part in shared], grid_size=_GRID_M)


def _surfaces(ground: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of some ground: edges that only touch leave lines and points, which cover nothing."""
    if ground.geom_type in {"Polygon", "MultiPolygon"}:
        return ground
    return shapely.MultiPolygon([part for part in shapely.get_parts(ground) if part.geom_type == "Polygon"])


def list_parts(ground: shapely.Geometry, swath_m: float) -> tuple[shapely.Polygon, ...]:
    """Return the polygons of some ground that are wide enough to be meant, the largest first."""
    thin_m = NAMED_SHARE_OF_SWATH / 2.0 * swath_m
    opened = ground.buffer(-thin_m, join_style="mitre").buffer(thin_m, join_style="mitre")
    parts = [part for part in shapely.get_parts(opened) if part.geom_type == "Polygon" and not part.is_empty]
    return tuple(sorted(parts, key=lambda part: -part.area))
