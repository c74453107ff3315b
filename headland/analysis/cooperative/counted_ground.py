"""Ground that counts for money: of the passes over one ground, those that begin some days after the last that counted.

Statements charge by it and claims claim by it, so that both have one figure of a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from headland.agronomy.application.swaths import GRID_M
from headland.agronomy.series.answer import Method
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround
from headland.registry.validation.shared_ground import LEAST_SHARE, LEAST_SHARED_M2
from headland.units_of_time import DAY_MS

COUNTED_GROUND: Final = Method(
    "counted_ground",
    2,
    "treated ground of a pass without what another pass was counted for less than the tariff's or the rule's days "
    "before, whichever operator worked and however the outlines of fields are drawn; ground that did not count starts "
    "no new days",
)
#: How an entry or a line names the rule.
COUNTED_BY: Final = f"{COUNTED_GROUND.id} {COUNTED_GROUND.version}"
#: Ground is looked for within so much more than its bounds [deg]: a decimetre.
_BESIDE_DEG: Final = 1e-6


@dataclass(frozen=True, slots=True)
class CountedBefore:
    """Ground that counts already, with the start of its pass: of a claim that was kept."""

    field: str
    start_ms: int
    placed: PlacedGround


@dataclass(frozen=True, slots=True)
class CountedGround:
    """The part of a pass's ground on a field that counts, with the product on it; the rest repeats another pass."""

    ground: TreatedGround
    placed: PlacedGround
    grams: int

    @property
    def area_m2(self) -> int:
        """The ground that counts, in whole square metres."""
        return self.placed.area_m2

    @property
    def repeated_m2(self) -> int:
        """The ground of the pass that does not count."""
        return self.ground.area_m2 - self.area_m2


def count_once(
    works: Iterable[TreatedGround],
    repeat_days: int,
    before: Sequence[CountedBefore] = (),
    *,
    by_product: bool = True,
) -> list[CountedGround]:
    """Return the ground of each pass that does not repeat ground which counts, in the order of their starts.

    Ground repeats what counts where its pass begins less than `repeat_days` after that which was counted; so a chain of
    passes on days 0, 6, 12 and 18 counts on days 0 and 12 with 7 days. With `by_product` only the same product repeats.
    `before` counts already, also where it began later. Fields that share ground have it once; less than outlines of
    neighbours are inaccurate by is not shared. The order of `works` does not matter.
    """
    ordered = sorted(works, key=lambda each: each.key)
    first = len(before)
    standing = [*before, *(CountedBefore(each.field, each.start_ms, each.placed) for each in ordered)]
    candidates = _candidates(standing, first)
    counted: list[CountedGround] = []
    for number, work in enumerate(ordered, first):
        fresh = work.placed
        for earlier in candidates.get(number, ()):
            other = standing[earlier]
            if abs(work.start_ms - other.start_ms) >= repeat_days * DAY_MS or not other.placed.area_m2:
                continue
            whole = other.placed if earlier < first else ordered[earlier - first].placed
            if by_product and earlier >= first and ordered[earlier - first].product != work.product:
                continue
            if other.field == work.field or _is_shared(work.placed, whole):
                fresh = fresh.without(other.placed)
        # What did not count is in nobody's way.
        standing[number] = CountedBefore(work.field, work.start_ms, fresh)
        whole_m2 = work.area_m2
        grams = 0 if work.grams is None or whole_m2 == 0 else work.grams * fresh.area_m2 // whole_m2
        counted.append(CountedGround(work, fresh, grams))
    return counted


def _candidates(grounds: Sequence[CountedBefore], first: int) -> dict[int, list[int]]:
    """Return for each ground from `first` on the ones before it that may lie on the same place."""
    boxes = np.array([_bounds_deg(each.placed) for each in grounds], object)
    one, other = shapely.STRtree(boxes).query(boxes[first:])
    found: dict[int, list[int]] = {}
    for number, earlier in zip((one + first).tolist(), other.tolist(), strict=True):
        if earlier < number:
            found.setdefault(number, []).append(earlier)
    for number, earlier in _unplaced(grounds, first):
        found.setdefault(number, []).append(earlier)
    return {number: sorted(earlier) for number, earlier in found.items()}


def _unplaced(grounds: Sequence[CountedBefore], first: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of one field of which it is not known where they lie."""
    of_field: dict[str, list[int]] = {}
    for number, each in enumerate(grounds):
        if each.placed.plane is None:
            known = of_field.setdefault(each.field, [])
            if number >= first:
                yield from ((number, earlier) for earlier in known)
            known.append(number)


def _bounds_deg(placed: PlacedGround) -> shapely.Geometry | None:
    if placed.plane is None or shapely.is_empty(placed.polygons):
        return None
    west, south, east, north = shapely.bounds(placed.polygons)
    latitude, longitude = placed.plane.to_degrees(np.array([west, east]), np.array([south, north]))
    return shapely.box(longitude[0], latitude[0], longitude[1], latitude[1]).buffer(_BESIDE_DEG)


def _is_shared(ground: PlacedGround, other: PlacedGround) -> bool:
    """Return whether ground of two fields is the same, and not the strip by which two outlines are inaccurate."""
    common_m2 = round(float(shapely.intersection(ground.polygons, other.on(ground), grid_size=GRID_M).area))
    return common_m2 >= LEAST_SHARED_M2 and common_m2 >= LEAST_SHARE * min(ground.area_m2, other.area_m2)
