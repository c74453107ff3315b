"""Routes of a pass's cell map and of the evidence for one cell."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.passes.passes import CellM, LatencyS, PassId, SwathM
from headland.analysis.passes.as_applied import fine_cell_m
from headland.analysis.passes.cell_answer import CellEvidence
from headland.analysis.passes.cell_evidence import explain_cell
from headland.analysis.passes.cell_map import (
    MOST_CELLS,
    MOST_POLYGONS,
    CellMapAnswer,
    cells_arrays,
    cells_geojson,
    cells_grid,
    map_cells,
)
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.options import PassOptions
from headland.analysis.passes.plan import PlanRequest
from headland.formats.safetensors import MEDIA_TYPE

PlannedRate = Annotated[
    float | None,
    Query(description="Planned rate [kg/ha, of a liquid L/ha], instead of the pass's.", gt=0, le=100_000,
          allow_inf_nan=False),
]  # fmt: skip
PrescriptionAsked = Annotated[
    str | None, Query(description="Id of a prescription of the field, instead of the pass's plan.", max_length=64)
]
MapCellM = Annotated[
    float | None,
    Query(description="Side of a cell [m]; by default that of the sums (`/deviation`) where such a map can be drawn, "
          "else 2, 5, 10, 20 or 50; as `safetensors` always that of the sums.", ge=0.5, le=50, allow_inf_nan=False),
]  # fmt: skip


def read_options(
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    cell_m: CellM = None,
    swath_m: SwathM = None,
    latency_s: LatencyS = None,
) -> PassOptions:
    """Return the options of a request about a pass."""
    return PassOptions(PlanRequest(planned_rate_ha, prescription), swath_m, latency_s, cell_m)


OptionsOf = Annotated[PassOptions, Depends(read_options)]

_CELLS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The cells, as polygons (GeoJSON) or as grids of numbers.",
        "content": {
            "application/geo+json": {"schema": {"type": "object"}},
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

#: Included by the router of the ledger, below its prefix.
router = Router()


@router.get("/passes/{pass_id}/cells", response_model=CellMapAnswer, responses={**_CELLS, **declare_problems(400, 409)})
def get_cells(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    cell_m: MapCellM = None,
    swath_m: SwathM = None,
    latency_s: LatencyS = None,
    shape: Annotated[
        Literal["geojson", "json", "safetensors"],
        Query(
            alias="format",
            description="Polygons that a map draws as they are, grids of numbers, or what a map draws of these as "
            "arrays (safetensors; `__metadata__.head` is the rest of the answer as JSON).",
        ),
    ] = "geojson",
) -> Response:
    """Return the cells of a pass for a map: planned and applied rate, their difference, its class and likely cause.

    Without a plan or a measured amount the cells are returned all the same, and `reason` names what is missing.
    """
    field_pass = find_pass(scope, pass_id)
    if shape == "safetensors" and cell_m is None:
        cell_m = fine_cell_m(field_pass)
    cells = map_cells(
        scope, field_pass, PlanRequest(planned_rate_ha, prescription), cell_m=cell_m, swath_m=swath_m,
        latency_s=latency_s, most_cells=MOST_POLYGONS if shape == "geojson" else MOST_CELLS,
    )  # fmt: skip
    if shape == "json":
        return reply(request, cells_grid(cells))
    if shape == "safetensors":
        return Response(cells_arrays(cells), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
    return Response(cells_geojson(cells), media_type="application/geo+json", headers={"Cache-Control": "no-cache"})


@router.get("/passes/{pass_id}/cell", response_model=CellEvidence, responses=declare_problems(400, 409))
def get_cell(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    latitude_deg: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    longitude_deg: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    cell_m: MapCellM = None,
    swath_m: SwathM = None,
    latency_s: LatencyS = None,
) -> Response:
    """Return the evidence for the cell at a place: each visit that applied product to it, with its samples.

    Use the same `cell_m`, plan, swath and latency as for the map. The visits add up to the cell.
    """
    plan_request = PlanRequest(planned_rate_ha, prescription)
    cells = map_cells(
        scope, find_pass(scope, pass_id), plan_request, cell_m=cell_m, swath_m=swath_m, latency_s=latency_s
    )
    return reply(request, explain_cell(scope, cells, latitude_deg, longitude_deg))
