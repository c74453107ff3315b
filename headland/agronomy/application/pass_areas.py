"""Areas of a pass on a field: the one definition of treated, skipped, remaining and overlapping ground, by its swaths.

    swaths (where product landed) --clipped by the usable field--> treated ground = their union
    usable field less treated ground = skipped ground; sum of the swaths less treated ground = overlap
    skipped ground without where the machine was on by its signal = remaining ground
    what of the swaths lies off the usable field = ground beside

Treated and skipped ground add up to the usable field. None of it depends on the cells of a map. Everything that names
an area of a pass reads it here: map, report, settlement, ledger, statement, claim, deviation and remaining work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from headland.agronomy.application.swaths import GRID_M
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values

TREATED_GROUND: Final = Method(
    "treated_ground_union",
    1,
    "union of the swaths of a pass within the usable ground of a field, each as wide as the implement's swath and from "
    "where to where at least half of the row's amount landed; skipped ground is the usable ground without it",
)
#: Skips and overlaps narrower than this share of a swath are jitter of the track: their area counts, but they are not
#: listed.
LISTED_SHARE_OF_SWATH: Final = 0.06


@dataclass(frozen=True, slots=True)
class PassAreas:
    """Ground of a pass on a field in metres of a plane, its areas [m2], and the parts of skips and overlaps by size.

    `field_m2` is the usable field; `treated_m2` and `skipped_m2` add up to it. `overlap_m2` counts each repetition.
    `beside_m2` is the ground of swaths that is not usable: off the field, on buffer strips and exclusions. `remaining`
    is the skipped ground over which the machine was never on: what a next flight treats, none of it twice.
    """

    field_m2: float
    treated_m2: float
    overlap_m2: float
    skipped_m2: float
    beside_m2: float
    treated: shapely.Geometry
    remaining: shapely.Geometry
    skips: tuple[shapely.Polygon, ...]
    overlaps: tuple[shapely.Polygon, ...]

    @property
    def remaining_m2(self) -> float:
        """The area of the remaining ground [m2]."""
        return float(self.remaining.area)


def measure_areas(
    swaths: Sequence[shapely.Geometry],
    field: shapely.Geometry,
    swath_m: float,
    switched: Sequence[shapely.Geometry] | None = None,
) -> PassAreas:
    """Return the areas of a pass with these swaths on a field's usable ground, in metres of one plane.

    `switched` are the swaths by the machine's signal, by default the same ones.
    """
    within = _clip(swaths, field)
    treated = surfaces_of(shapely.union_all(within, grid_size=GRID_M))
    gross_m2 = sum(float(part.area) for part in within)
    skipped = surfaces_of(shapely.difference(field, treated, grid_size=GRID_M))
    return PassAreas(
        field_m2=float(field.area),
        treated_m2=float(treated.area),
        overlap_m2=max(gross_m2 - float(treated.area), 0.0),
        # The rounding of corners would leave some square centimetres.
        skipped_m2=max(float(field.area) - float(treated.area), 0.0),
        beside_m2=_measure_beside(swaths, field),
        treated=treated,
        remaining=skipped if switched is None else _without(skipped, switched),
        skips=list_parts(skipped, swath_m),
        overlaps=list_parts(_find_overlaps(within), swath_m),
    )


def find_treated(swaths: Sequence[shapely.Geometry], ground: shapely.Geometry) -> shapely.Geometry:
    """Return the union of swaths within some ground: a plot beside the pass's own field, or a part of it."""
    return surfaces_of(shapely.union_all(_clip(swaths, ground), grid_size=GRID_M))


def list_parts(ground: shapely.Geometry, swath_m: float) -> tuple[shapely.Polygon, ...]:
    """Return the polygons of a geometry that are wider than jitter, the largest first."""
    thin_m = LISTED_SHARE_OF_SWATH / 2.0 * swath_m
    opened = ground.buffer(-thin_m, join_style="mitre").buffer(thin_m, join_style="mitre")
    parts = [part for part in shapely.get_parts(opened) if part.geom_type == "Polygon" and not part.is_empty]
    return tuple(sorted(parts, key=lambda part: -part.area))


def surfaces_of(ground: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a geometry: edges that only touch leave lines and points, which cover nothing."""
    if ground.geom_type in {"Polygon", "MultiPolygon"}:
        return ground
    return shapely.MultiPolygon([part for part in shapely.get_parts(ground) if part.geom_type == "Polygon"])


def share_by_code(codes: NDArray[np.uint8], at: Mask, count: int, ground_m2: float) -> Values:
    """Return the area of some ground by the code of its cells (0 to `count` - 1) [m2]; the code 0 has no share.

    `at` are the cells of the ground, by their middle. They give the shares, `ground_m2` is the whole that the parts add
    up to. All are 0 where none of the cells has a code.
    """
    counts = np.bincount(codes[at], minlength=count).astype(np.float64)
    counts[0] = 0.0
    whole = float(counts.sum())
    return counts * (ground_m2 / whole) if whole > 0.0 else counts


def spread_areas(areas: PassAreas, usable: Mask, treated: Mask) -> Values:
    """Return the ground that each usable cell stands for [m2], 0 elsewhere.

    The `treated` ones add up to `treated_m2`, the other usable ones to `skipped_m2`: no sum depends on the cells' size.
    """
    return spread_evenly(treated, areas.treated_m2) + spread_evenly(usable & ~treated, areas.skipped_m2)


def spread_evenly(cells: Mask, ground: float) -> Values:
    """Return the part of some ground that each of its cells stands for, 0 elsewhere: the parts add up to it."""
    count = int(np.count_nonzero(cells))
    return np.where(cells, ground / count, 0.0) if count else np.zeros(cells.shape)


def _without(ground: shapely.Geometry, swaths: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return some ground without that of swaths."""
    return surfaces_of(shapely.difference(ground, find_treated(swaths, ground), grid_size=GRID_M))


def _measure_beside(swaths: Sequence[shapely.Geometry], field: shapely.Geometry) -> float:
    """Return the area of the union of what of swaths is not on a field [m2]."""
    polygons = np.array(swaths, dtype=object)
    if len(polygons):
        shapely.prepare(field)
        polygons = polygons[~shapely.contains(field, polygons)]
    beside = shapely.difference(polygons, field, grid_size=GRID_M)
    return float(shapely.union_all([surfaces_of(part) for part in beside], grid_size=GRID_M).area)


def _clip(swaths: Sequence[shapely.Geometry], ground: shapely.Geometry) -> list[shapely.Geometry]:
    polygons = np.array(swaths, dtype=object)
    if len(polygons):
        shapely.prepare(ground)
        polygons = polygons[shapely.intersects(ground, polygons)]
    clipped = (surfaces_of(part) for part in shapely.intersection(polygons, ground, grid_size=GRID_M))
    return [part for part in clipped if not part.is_empty]


def _find_overlaps(swaths: list[shapely.Geometry]) -> shapely.Geometry:
    """Return the ground that two or more swaths cover."""
    polygons = np.array(swaths, dtype=object)
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    pairs = first < second
    shared = shapely.intersection(polygons[first[pairs]], polygons[second[pairs]], grid_size=GRID_M)
    return shapely.union_all([surfaces_of(part) for part in shared], grid_size=GRID_M)
