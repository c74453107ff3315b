"""A pass on cells that a map can draw: planned, applied, and the difference with its class and cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.application.deviation import CAUSES, CLASSES
from headland.agronomy.geometry.outline import OUTSIDE, PLACES
from headland.agronomy.series.arrays import Values
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.passes.as_applied import Applied, apply_pass
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.deviation import Judged, judge_applied, usable_rate
from headland.analysis.passes.plan import Plan, PlanAsked, PlanMap, find_plan, lay_plan, summarise_plan
from headland.analysis.scope import OrgScope

#: More polygons than this make a browser wait.
MOST_CELLS: Final = 40_000
_USUAL_CELLS: Final = 8_000
_USUAL_M: Final = (2.0, 5.0, 10.0, 20.0, 50.0)
#: A millimetre.
_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class CellMap:
    """A pass on cells. Without a plan, or without a known amount, `reason` says so and what lacks is None."""

    applied: Applied
    plan: Plan | None
    planned: PlanMap | None
    judged: Judged | None
    reason: str | None

    @property
    def applied_ha(self) -> Values:
        """The rate of each cell, also beside the usable field; NaN where nothing measured it."""
        return self.applied.drawn.rate_ha

    @property
    def planned_ha(self) -> Values:
        """The planned rate of each cell; NaN where there is no plan."""
        return np.full(self.applied_ha.shape, np.nan) if self.planned is None else self.planned.rate_ha

    @property
    def zone(self) -> NDArray[np.int64]:
        """The zone of the plan of each cell; -1 where there is none."""
        return np.full(self.applied_ha.shape, -1, np.int64) if self.planned is None else self.planned.zone

    @property
    def difference_ha(self) -> Values:
        """Applied less planned on each cell of the usable field; NaN where one of them is not known."""
        return usable_rate(self.applied) - self.planned_ha

    @property
    def codes(self) -> dict[str, NDArray[np.uint8]]:
        """The codes of each cell in `CLASSES` and `CAUSES`, 0 where nothing is judged."""
        none = np.zeros(self.applied_ha.shape, np.uint8)
        if self.judged is None:
            return {"kind": none, "cause": none}
        return {"kind": self.judged.deviation.classes, "cause": self.judged.deviation.causes}


def usual_cell_m(one: FieldPass) -> float:
    """Return the smallest usual cell with which a map of a field stays light."""
    return next((cell_m for cell_m in _USUAL_M if one.field.area_m2 / cell_m**2 <= _USUAL_CELLS), _USUAL_M[-1])


def map_cells(
    scope: OrgScope,
    one: FieldPass,
    asked: PlanAsked,
    *,
    cell_m: float | None,
    swath_m: float | None = None,
    latency_s: float | None = None,
) -> CellMap:
    """Return a pass on cells of `cell_m` [m], by default as small as `usual_cell_m` says.

    Raises PreconditionError without a swath or a track, AnalysisError for another field's plan and too many cells.
    """
    side_m = usual_cell_m(one) if cell_m is None else cell_m
    if one.field.area_m2 / side_m**2 > MOST_CELLS:
        sentence = f"The field has more than {MOST_CELLS:,} cells of {side_m:g} m: ask for a larger cell_m."
        raise AnalysisError("too-many-cells", "The cells are too small", sentence)
    applied = apply_pass(scope, one, cell_m=side_m, swath_m=swath_m, latency_s=latency_s)
    plan: Plan | None = None
    planned: PlanMap | None = None
    judged: Judged | None = None
    reason: str | None = None
    try:
        plan = find_plan(scope, one, asked)
        planned = lay_plan(plan, applied.drawn, applied.work.plane)
        judged = judge_applied(applied, plan)
    except PreconditionError as error:
        reason = error.reason
    return CellMap(applied, plan, planned, judged, reason)


def cells_geojson(cells: CellMap) -> bytes:
    """Return each cell of the field, and each beside it that got something, as a polygon (RFC 7946)."""
    drawn = cells.applied.drawn
    head = head_of(cells)
    row, column = np.nonzero((drawn.places != OUTSIDE) | (drawn.evidence > 0))
    edges = []
    for index, low, step in (
        (column, head["west_deg"], head["east_step_deg"]),
        (row, head["south_deg"], head["north_step_deg"]),
    ):
        edges += [np.round(low + (index + side) * step, _DECIMALS).tolist() for side in (0, 1)]
    rates = [_rounded(each)[row, column].tolist() for each in (cells.planned_ha, cells.applied_ha, cells.difference_ha)]
    kind, cause = (each[row, column].tolist() for each in cells.codes.values())
    at = zip(
        row.tolist(), column.tolist(), *edges, *rates, kind, cause, cells.zone[row, column].tolist(),
        drawn.evidence[row, column].tolist(), drawn.places[row, column].tolist(), strict=True,
    )  # fmt: skip
    features = [
        {
            "type": "Feature",
            "id": y * drawn.grid.columns + x,
            "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
            "properties": {
                "row": y,
                "column": x,
                "place": PLACES[place],
                "zone": None if zone < 0 else zone,
                "planned_ha": planned,
                "applied_ha": applied,
                "difference_ha": difference,
                "kind": CLASSES[klass] if klass else None,
                "cause": CAUSES[why] if why else None,
                "evidence": EVIDENCE[evidence] if evidence else None,
            },
        }
        for y, x, w, e, s, n, planned, applied, difference, klass, why, zone, evidence, place in at
    ]
    # NaN is written as null.
    return orjson.dumps({"type": "FeatureCollection", **head, "features": features})


def cells_grid(cells: CellMap) -> dict[str, Any]:
    """Return the same as columns of numbers, rows from the south, with the names of their codes."""
    drawn = cells.applied.drawn
    grids: dict[str, NDArray[Any]] = {
        "planned_ha": _rounded(cells.planned_ha),
        "applied_ha": _rounded(cells.applied_ha),
        "difference_ha": _rounded(cells.difference_ha),
        **cells.codes,
        "zone": cells.zone,
        "evidence": drawn.evidence,
        "place": drawn.places,
    }
    names = {"kind": CLASSES, "cause": CAUSES, "evidence": EVIDENCE, "place": PLACES}
    shown = {name: np.ascontiguousarray(grid) for name, grid in grids.items()}
    return {**head_of(cells), "names": names, "grid": shown}


def head_of(cells: CellMap) -> dict[str, Any]:
    """Return what is said of all cells together: whose, where, in what, and against which plan."""
    applied, one = cells.applied, cells.applied.one
    grid, plane = applied.drawn.grid, applied.work.plane
    south_deg, west_deg = plane.to_degrees(np.array(grid.west_m), np.array(grid.south_m))
    east_m_deg, north_m_deg = plane.scales_m_deg
    return {
        "pass_id": one.id,
        "field": one.field.id,
        "device": one.device,
        "simulated": one.simulated,
        "unit": applied.unit,
        "cell_m": grid.cell_m,
        "rows": grid.rows,
        "columns": grid.columns,
        "south_deg": float(south_deg),
        "west_deg": float(west_deg),
        "north_step_deg": grid.cell_m / north_m_deg,
        "east_step_deg": grid.cell_m / east_m_deg,
        "plan": None if cells.plan is None else summarise_plan(cells.plan),
        "reason": cells.reason,
    }


def _rounded(rate_ha: Values) -> Values:
    """Return rates without the digits that nothing here can tell."""
    return np.round(rate_ha, 3)
