"""Response models of a pass's cell map."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.schemas.passes.ledger import PlanBody


class CellGrids(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from the south, each from the west. Rates are null where unknown or not planned."""

    planned_ha: list[list[float | None]]
    applied_ha: list[list[float | None]]
    difference_ha: list[list[float | None]]
    uncertainty_ha: list[list[float]]
    kind: list[list[int]]
    cause: list[list[int]]
    zone: Annotated[list[list[int]], "The plan's zone, -1 for none."]
    evidence: list[list[int]]
    place: list[list[int]]


class CellNames(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the grids' codes, by their index in these lists."""

    kind: list[str]
    cause: list[str]
    evidence: list[str]
    place: list[str]


class CellMapBody(msgspec.Struct, frozen=True, kw_only=True):
    """A pass on cells: planned, applied and the difference, with its class and cause."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: Annotated[str, "kg, or L of a liquid; rates are of it per hectare."]
    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float
    plan: PlanBody | None
    reason: Annotated[str | None, "Why there is no deviation: no_plan, ambiguous_plan or no_amount; else null."]
    names: CellNames
    grid: CellGrids
