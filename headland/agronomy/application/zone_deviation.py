"""Deviation of the zones of a plan: amounts, and areas by class and cause, of each zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.deviation import CAUSES, CLASSES, CellDeviation, class_of, sum_by_code
from headland.agronomy.series.arrays import Values


@dataclass(frozen=True, slots=True)
class ZoneDeviation:
    """A zone of the plan, over its cells with a known rate; `kind` is the class of the whole zone."""

    zone: int
    planned_rate_ha: float
    applied_rate_ha: Annotated[float | None, "Applied rate per hectare; null without a cell with a known rate."]
    area_m2: float
    planned: Annotated[float, "Planned amount of these cells."]
    applied: Annotated[float, "Applied amount on them."]
    difference: Annotated[float, "Applied less planned amount."]
    kind: Annotated[
        str | None, "skip (nothing treated), far_under, under, on_target, over, double; null: nothing planned."
    ]
    cause: Annotated[str | None, "Of most of its ground that is off target; null without any."]
    class_m2: Annotated[dict[str, float], "Ground by class of deviation."]
    cause_m2: Annotated[dict[str, float], "Ground that is off target, by cause."]
    unknown_m2: Annotated[float, "Its ground of which no amount is known; in no other number here."]


def deviation_by_zone(
    zone: NDArray[np.int64], rates_ha: Sequence[float], applied_ha: Values, deviation: CellDeviation, cell_m: float
) -> tuple[ZoneDeviation, ...]:
    """Return the deviation of each zone of a plan; `zone` has the zone of each cell (-1: none)."""
    cell_m2, ground_m2 = cell_m * cell_m, deviation.ground_m2
    zones = []
    for number, rate_ha in enumerate(rates_ha):
        inside = zone == number
        known = inside & np.isfinite(applied_ha)
        area_m2 = float(ground_m2[known].sum())
        area_ha = area_m2 / 10_000.0
        applied = float(applied_ha[known].sum()) * cell_m2 / 10_000.0
        planned = rate_ha * area_ha
        cause_m2 = sum_by_code(deviation.causes[known], CAUSES, ground_m2[known])
        class_m2 = sum_by_code(deviation.classes[known], CLASSES, ground_m2[known])
        zones.append(
            ZoneDeviation(
                zone=number,
                planned_rate_ha=float(rate_ha),
                applied_rate_ha=applied / area_ha if area_ha > 0.0 else None,
                area_m2=area_m2,
                planned=planned,
                applied=applied,
                difference=applied - planned,
                kind=_class_of_zone(applied / planned, class_m2) if planned > 0.0 else None,
                cause=max(cause_m2, key=lambda name: cause_m2[name]) if any(cause_m2.values()) else None,
                class_m2=class_m2,
                cause_m2={name: m2 for name, m2 in cause_m2.items() if m2 > 0.0},
                unknown_m2=float(ground_m2[inside & ~np.isfinite(applied_ha)].sum()),
            )
        )
    return tuple(zones)


def _class_of_zone(share: float, class_m2: dict[str, float]) -> str:
    """Return the class of a zone by its share of the plan, `skip` where nothing of it was treated."""
    is_skipped = class_m2["skip"] > 0.0 and not any(m2 for name, m2 in class_m2.items() if name != "skip")
    return "skip" if is_skipped else CLASSES[int(class_of(share))]
