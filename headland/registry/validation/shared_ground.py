"""Ground that two fields share: drawn or imported twice, or across a neighbour's boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely.geometry import MultiPolygon, Polygon

from headland.registry.models.models import Field
from headland.registry.validation.geometry import equal_area

#: Less than this is the inaccuracy of two outlines that were drawn along one boundary.
LEAST_SHARED_M2: Final = 25.0
LEAST_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class SharedGround:
    """Two fields with the ground that both hold [m2]; `share` is that of the smaller one."""

    first: Field
    second: Field
    area_m2: float
    share: float


def find_shared_ground(fields: Sequence[Field], others: Sequence[Field] = ()) -> list[SharedGround]:
    """Return the pairs among some fields, and between them and others, that share ground; the largest first."""
    every = [*fields, *others]
    shapes = [equal_area(MultiPolygon([Polygon(rings[0], rings[1:]) for rings in field.geometry])) for field in every]
    if not fields:
        return []
    left, right = shapely.STRtree(shapes).query(shapes[: len(fields)], predicate="intersects")
    found = []
    for first, second in zip(left.tolist(), right.tolist(), strict=True):
        if second <= first:
            continue
        area_m2 = float(shapes[first].intersection(shapes[second]).area)
        share = area_m2 / max(min(shapes[first].area, shapes[second].area), 1e-9)
        if area_m2 >= LEAST_SHARED_M2 and share >= LEAST_SHARE:
            found.append(SharedGround(every[first], every[second], area_m2, share))
    return sorted(found, key=lambda shared: -shared.area_m2)
