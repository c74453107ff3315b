"""Cell map of a pass: planned and applied rate, their difference, its class and likely cause, for a map to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.application.deviation import CAUSES, CLASSES
from headland.agronomy.geometry.outline import OUTSIDE, PLACES
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.columns import CodeGrid, KnownGrid, NumberGrid
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.field_geometry import degrees_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied, fine_cell_m
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.deviation import PassDeviation, compare_with_plan, usable_rate
from headland.analysis.passes.plan import (
    Plan,
    PlanMap,
    PlanRequest,
    PlanSummary,
    find_plan,
    rasterise_plan,
    summarise_plan,
)
from headland.formats.safetensors import write_safetensors

#: A browser draws more polygons than this slowly.
MOST_POLYGONS: Final = 40_000
#: On the field, in a grid.
MOST_CELLS: Final = 400_000
_DEFAULT_CELLS: Final = 10_000
_DEFAULT_SIDES_M: Final = (2.0, 5.0, 10.0, 20.0, 50.0)
#: Decimals of degrees: a millimetre.
_DECIMALS: Final = 8
#: A cell as GeoJSON, to be joined with its numbers.
_FEATURE: Final = (
    b'{"type":"Feature","id":%b,"geometry":{"type":"Polygon",'
    b'"coordinates":[[[%b,%b],[%b,%b],[%b,%b],[%b,%b],[%b,%b]]]},"properties":{"row":%b,"column":%b,"place":%b,'
    b'"zone":%b,"planned_ha":%b,"applied_ha":%b,"difference_ha":%b,"uncertainty_ha":%b,"kind":%b,"cause":%b,'
    b'"evidence":%b}}'
)


@dataclass(frozen=True, slots=True)
class CellGrids:
    """Rows from the south, each from the west. Rates are null where unknown or not planned."""

    planned_ha: NumberGrid
    applied_ha: NumberGrid
    difference_ha: NumberGrid
    uncertainty_ha: KnownGrid
    kind: Annotated[CodeGrid, "Class of the deviation, by its index in `names.kind`."]
    cause: CodeGrid
    zone: Annotated[CodeGrid, "The plan's zone, -1 for none."]
    evidence: Annotated[CodeGrid, "Weakest class of evidence for the amount, by its index in `names.evidence`."]
    place: Annotated[CodeGrid, "Place of the cell, by its index in `names.place`."]


@dataclass(frozen=True, slots=True)
class CellNames:
    """Names of the grids' codes, by their index in these lists."""

    kind: Annotated[Sequence[str], "Classes of deviation."]
    cause: Annotated[Sequence[str], "Causes."]
    evidence: Annotated[Sequence[str], "Classes of evidence."]
    place: Annotated[Sequence[str], "Places."]


_NAMES: Final = CellNames(CLASSES, CAUSES, EVIDENCE, PLACES)


@dataclass(frozen=True, slots=True)
class CellMapAnswer:
    """A pass on cells: planned, applied and the difference, with its class and cause."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: Annotated[str, "kg, or L of a liquid; rates are of it per hectare."]
    cell_m: float
    rows: Annotated[int, "Number of rows."]
    columns: Annotated[int, "Number of columns."]
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float
    plan: Annotated[PlanSummary | None, "Plan of the pass; null without one."]
    reason: Annotated[str | None, "Why there is no deviation: no_plan, ambiguous_plan or no_amount; else null."]
    names: Annotated[CellNames, "Names of the codes."]
    grid: Annotated[CellGrids, "Values of the cells."]


@dataclass(frozen=True, slots=True)
class CellMap:
    """A pass on cells. Without a plan or a known amount, the missing parts are None and `reason` names the cause."""

    applied: AppliedPass
    plan: Plan | None
    planned: PlanMap | None
    deviation: PassDeviation | None
    reason: str | None

    @property
    def applied_ha(self) -> Values:
        """The rate of each cell, also outside the usable field; NaN where no amount is known."""
        return self.applied.map.rate_ha

    @property
    def planned_ha(self) -> Values:
        """The planned rate of each cell; NaN without a plan."""
        return np.full(self.applied_ha.shape, np.nan) if self.planned is None else self.planned.rate_ha

    @property
    def zone(self) -> NDArray[np.int64]:
        """The plan's zone of each cell; -1 for none."""
        return np.full(self.applied_ha.shape, -1, np.int64) if self.planned is None else self.planned.zone

    @property
    def difference_ha(self) -> Values:
        """Applied less planned rate on each cell of the usable field; NaN where one of them is unknown."""
        return usable_rate(self.applied) - self.planned_ha

    @property
    def codes(self) -> dict[str, NDArray[np.uint8]]:
        """The codes of each cell in `CLASSES` and `CAUSES`, 0 without a deviation."""
        none = np.zeros(self.applied_ha.shape, np.uint8)
        if self.deviation is None:
            return {"kind": none, "cause": none}
        return {"kind": self.deviation.cells.classes, "cause": self.deviation.cells.causes}


def default_cell_m(field_pass: FieldPass) -> float:
    """Return the smallest default side [m] with which a field has few enough cells to be drawn quickly.

    It is `fine_cell_m`, that of the sums, wherever a map of these can be drawn.
    """
    area_m2 = field_pass.field.area_m2
    sides_m = sorted({fine_cell_m(field_pass), *_DEFAULT_SIDES_M})
    return next((side_m for side_m in sides_m if area_m2 / side_m**2 <= _DEFAULT_CELLS), sides_m[-1])


def map_cells(
    scope: OrgScope,
    field_pass: FieldPass,
    plan_request: PlanRequest,
    *,
    cell_m: float | None,
    swath_m: float | None = None,
    latency_s: float | None = None,
    most_cells: int = MOST_CELLS,
) -> CellMap:
    """Return a pass on cells of `cell_m` [m], by default of `default_cell_m`.

    Raises PreconditionError without a swath or a track, AnalysisError for another field's plan and too many cells.
    """
    side_m = default_cell_m(field_pass) if cell_m is None else cell_m
    if field_pass.field.area_m2 / side_m**2 > most_cells:
        sentence = f"The field has more than {most_cells:,} cells of {side_m:g} m: ask for a larger cell_m."
        raise AnalysisError("too-many-cells", "Too many cells", sentence)
    applied = compute_as_applied(scope, field_pass, cell_m=side_m, swath_m=swath_m, latency_s=latency_s)
    plan: Plan | None = None
    planned: PlanMap | None = None
    deviation: PassDeviation | None = None
    reason: str | None = None
    try:
        plan = find_plan(scope, field_pass, plan_request)
        planned = rasterise_plan(plan, applied.map, applied.inputs.plane)
        deviation = compare_with_plan(scope, applied, plan)
    except PreconditionError as error:
        reason = error.reason
    return CellMap(applied, plan, planned, deviation, reason)


def cells_geojson(cells: CellMap) -> bytes:
    """Return each cell of the field, and each treated cell outside it, as a polygon (RFC 7946)."""
    applied_map = cells.applied.map
    head = head_of(cells)
    row, column = np.nonzero((applied_map.places != OUTSIDE) | (applied_map.evidence > 0))
    edges = []
    for index, low, step in (
        (column, head["west_deg"], head["east_step_deg"]),
        (row, head["south_deg"], head["north_step_deg"]),
    ):
        edges += [_tokens(np.round(low + (index + side) * step, _DECIMALS)) for side in (0, 1)]
    west, east, south, north = edges
    grids = (cells.planned_ha, cells.applied_ha, cells.difference_ha, applied_map.uncertainty_ha)
    planned, applied, difference, uncertainty = (_tokens(_rounded(grid)[row, column]) for grid in grids)
    # Cells as objects cost ten times their text: numbers are written by the column, and a cell joins them.
    features = map(
        _FEATURE.__mod__,
        zip(
            _tokens(row * applied_map.grid.columns + column),
            west, south, east, south, east, north, west, north, west, south,
            _tokens(row), _tokens(column), _coded(PLACES, applied_map.places[row, column], none=None),
            [b"null" if number < 0 else b"%d" % number for number in cells.zone[row, column].tolist()],
            planned, applied, difference, uncertainty,
            _coded(CLASSES, cells.codes["kind"][row, column]), _coded(CAUSES, cells.codes["cause"][row, column]),
            _coded(EVIDENCE, applied_map.evidence[row, column]),
            strict=True,
        ),
    )  # fmt: skip
    start = orjson.dumps({"type": "FeatureCollection", **head})[:-1]
    return b'%b,"features":[%b]}' % (start, b",".join(features))


def _tokens(numbers: NDArray[Any]) -> list[bytes]:
    """Return the JSON of each number; NaN is null."""
    return orjson.dumps(numbers.tolist())[1:-1].split(b",") if len(numbers) else []


def _coded(names: Sequence[str], codes: NDArray[Any], none: int | None = 0) -> list[bytes]:
    """Return the JSON of each code's name; the code `none` is null."""
    written = [b"null" if code == none else orjson.dumps(name) for code, name in enumerate(names)]
    return [written[code] for code in codes.tolist()]


def cells_grid(cells: CellMap) -> CellMapAnswer:
    """Return the same as grids of numbers, rows from the south, with the names of their codes."""
    applied_map = cells.applied.map
    grids = CellGrids(
        planned_ha=_rounded(cells.planned_ha),
        applied_ha=_rounded(cells.applied_ha),
        difference_ha=_rounded(cells.difference_ha),
        uncertainty_ha=_rounded(applied_map.uncertainty_ha),
        **cells.codes,
        zone=cells.zone,
        evidence=applied_map.evidence,
        place=applied_map.places,
    )
    return CellMapAnswer(**head_of(cells), names=_NAMES, grid=grids)


def cells_arrays(cells: CellMap) -> bytes:
    """Return what a map draws of the same grids as safetensors; its `head` is the JSON of all but the grids."""
    applied_map = cells.applied.map
    arrays: dict[str, NDArray[Any]] = {
        "planned_ha": _rounded(cells.planned_ha).astype("<f4"),
        "applied_ha": _rounded(cells.applied_ha).astype("<f4"),
        **cells.codes,
        "evidence": applied_map.evidence,
        "place": applied_map.places,
    }
    return write_safetensors(arrays, {"head": orjson.dumps({**head_of(cells), "names": _NAMES}).decode()})


def head_of(cells: CellMap) -> dict[str, Any]:
    """Return what all cells share: pass, field, unit, place of the grid, and plan."""
    applied, field_pass = cells.applied, cells.applied.field_pass
    return {
        "pass_id": field_pass.id,
        "field": field_pass.field.id,
        "device": field_pass.device,
        "simulated": field_pass.simulated,
        "unit": applied.unit,
        **degrees_of(applied.map.grid, applied.inputs.plane),
        "plan": None if cells.plan is None else summarise_plan(cells.plan),
        "reason": cells.reason,
    }


def _rounded(rate_ha: Values) -> Values:
    """Return rates without digits beyond the accuracy of any measurement here."""
    return np.round(rate_ha, 3)
