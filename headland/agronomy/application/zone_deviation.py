"""A pass against its prescription, zone by zone: planned, applied, the class of the whole zone, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.application.deviation import CAUSES, CLASSES, CellDeviation, class_of
from headland.agronomy.series.arrays import Values


@dataclass(frozen=True, slots=True)
class ZoneDeviation:
    """One zone over the cells of which the rate is known: amounts in the map's unit, areas in m2 by class and cause.

    `kind` is the class of the zone as a whole, None where nothing was planned or nothing is known; `cause` that of most
    of its ground that is off target, None without any. `unknown_m2` is ground of which no amount is known.
    """

    zone: int
    rate_ha: float
    applied_ha: float | None
    area_m2: float
    planned: float
    applied: float
    kind: str | None
    cause: str | None
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    unknown_m2: float


def deviation_by_zone(
    zone: NDArray[np.int64], rates_ha: Sequence[float], applied_ha: Values, deviation: CellDeviation, cell_m: float
) -> tuple[ZoneDeviation, ...]:
    """Return what became of each zone of a plan; `zone` is the number of each cell's (-1: none)."""
    cell_m2 = cell_m * cell_m
    found = []
    for number, rate_ha in enumerate(rates_ha):
        inside = zone == number
        known = inside & np.isfinite(applied_ha)
        cells = int(known.sum())
        area_ha = cells * cell_m2 / 10_000.0
        applied = float(applied_ha[known].sum()) * cell_m2 / 10_000.0
        planned = rate_ha * area_ha
        causes = np.bincount(deviation.causes[known], minlength=len(CAUSES))
        causes[0] = 0
        classes = np.bincount(deviation.classes[known], minlength=len(CLASSES))
        found.append(
            ZoneDeviation(
                zone=number,
                rate_ha=float(rate_ha),
                applied_ha=applied / area_ha if cells else None,
                area_m2=cells * cell_m2,
                planned=planned,
                applied=applied,
                kind=CLASSES[int(class_of(applied / planned))] if planned > 0.0 else None,
                cause=CAUSES[int(causes.argmax())] if causes.any() else None,
                class_m2={name: float(classes[code]) * cell_m2 for code, name in enumerate(CLASSES) if code},
                cause_m2={name: float(causes[code]) * cell_m2 for code, name in enumerate(CAUSES) if causes[code]},
                unknown_m2=float((inside & ~np.isfinite(applied_ha)).sum()) * cell_m2,
            )
        )
    return tuple(found)
