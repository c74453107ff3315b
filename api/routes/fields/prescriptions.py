"""Routes of prescriptions: create, list, get, delete, and export as files for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import RecordPage, Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import check_filters
from api.routes.registry import IfMatch, RecordId, choose_version, reply_json
from headland.analysis.prescriptions.build import make_prescription
from headland.analysis.prescriptions.mission import FlightOptions, plan_flight
from headland.analysis.prescriptions.order import PrescriptionOrder
from headland.formats.prescriptions.grids import GridCrs, prescription_geotiff, prescription_isoxml
from headland.formats.prescriptions.qgc_plan import HeightAbove, write_plan
from headland.formats.prescriptions.zones import zones_geojson, zones_shapefile
from headland.registry.models.errors import NotFound
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

router = Router(prefix="/v1/prescriptions", tags=["fertilization"], responses=declare_problems(404, 422, 503))


class ExportFormat(StrEnum):
    """File format of a prescription."""

    GEOJSON = "geojson"
    SHAPEFILE = "shapefile"
    ISOXML = "isoxml"
    GEOTIFF = "geotiff"
    QGC_PLAN = "qgc-plan"


_FILES: Final = {
    ExportFormat.GEOJSON: ("application/geo+json", "geojson"),
    ExportFormat.SHAPEFILE: ("application/zip", "shapefile.zip"),
    ExportFormat.ISOXML: ("application/zip", "isoxml.zip"),
    ExportFormat.GEOTIFF: ("image/tiff", "tif"),
    ExportFormat.QGC_PLAN: ("application/json", "plan"),
}
_FILE_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            media: {"schema": {"type": "object"} if media.endswith("json") else {"type": "string", "format": "binary"}}
            for media, _ in _FILES.values()
        },
    }
}


@router.post("", status_code=201, response_model=Prescription, responses=declare_problems(400, 413))
def add_prescription(scope: ScopeOf, order: Sent[PrescriptionOrder]) -> Response:
    """Make a prescription: zones from points or rasters by k-means or quantiles, or as drawn; rates, and checks.

    Points are interpolated onto the field's grid by inverse distance or kriging; exclusions and buffer strips get
    nothing. `checks` has each constraint and whether it holds, null where unknown. More nitrogen than the legal ceiling
    is refused.
    """
    repositories = scope.repositories
    prescription = _make(repositories, order, store=True)
    return reply_json(prescription, 201, {"Location": f"/v1/prescriptions/{prescription.id}"})


@router.post("/preview", response_model=Prescription, responses=declare_problems(400, 413))
def preview_prescription(scope: ScopeOf, order: Sent[PrescriptionOrder]) -> Response:
    """Return the prescription that an order would make, with areas, amounts and checks; nothing is stored.

    Its `id` is empty.
    """
    return reply_json(_make(scope.repositories, order, store=False))


def _make(repositories: OrganisationRepositories, order: PrescriptionOrder, *, store: bool) -> Prescription:
    try:
        made = make_prescription(repositories, order)
        return repositories.prescriptions.add(made) if store else made
    except NotFound as error:
        raise ProblemError(400, f"unknown-{error.kind}", "Referenced record not found", str(error)) from error


@router.get("", response_model=RecordPage[Prescription], responses=declare_problems(400))
def list_prescriptions(
    request: Request,
    scope: ScopeOf,
    field: Annotated[str | None, Query(description="Only those of this field.", max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List prescriptions in order of creation."""
    where = {} if field is None else {"field": field}
    after = read_cursor(cursor, tuple[str])
    listed = scope.repositories.prescriptions.list(after="" if after is None else after[0], limit=limit + 1, **where)
    if not listed:
        check_filters(scope.repositories, field=field)
    page = listed[:limit]
    following = write_cursor(page[-1].id) if len(listed) > limit else None
    return reply_page(request, {"items": page, "next": following})


@router.get("/{thing:record_id}", response_model=Prescription)
def get_prescription(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Return a prescription: its grid, zones, rates, checks and method."""
    return reply(request, scope.repositories.prescriptions.get(thing))


@router.delete("/{thing:record_id}", status_code=204, responses=declare_problems(400, 409, 412, 428))
def delete_prescription(
    scope: ScopeOf,
    thing: RecordId,
    if_match: IfMatch = None,
    version: Annotated[int, Query(description="Version to delete.", ge=1, le=2**31 - 1)] = 0,
) -> Response:
    """Delete a prescription that no registered pass and no trial names, at the version named by If-Match or `version`.

    Its history remains.
    """
    prescriptions = scope.repositories.prescriptions
    prescriptions.delete(thing, choose_version(if_match, version, lambda: prescriptions.get(thing).version))
    return Response(status_code=204)


@router.get("/{thing:record_id}/export", responses={**_FILE_ANSWER, **declare_problems(400)})
def export_prescription(
    scope: ScopeOf,
    thing: RecordId,
    format: Annotated[ExportFormat, Query(description="File format.")],  # noqa: A002 - its name in the query
    crs: Annotated[GridCrs, Query(description="geotiff: WGS84 cell for cell, or resampled to the UTM zone.")] = "wgs84",
    bearing_deg: Annotated[
        float | None,
        Query(description="qgc-plan: direction of the lines; by default the field's long side.", ge=0, lt=360),
    ] = None,
    height_m: Annotated[float, Query(description="qgc-plan: flight height.", ge=0.5, le=50)] = 3.0,
    height_above: Annotated[
        HeightAbove, Query(description="qgc-plan: above the terrain (MAV_FRAME 10) or above home (3).")
    ] = "terrain",
    speed_m_s: Annotated[
        float | None, Query(description="qgc-plan: highest speed, instead of the implement's.", gt=0, le=20)
    ] = None,
    home_latitude_deg: Annotated[
        float | None,
        Query(description="qgc-plan: latitude of the refill place; by default before the first line.", ge=-90, le=90),
    ] = None,
    home_longitude_deg: Annotated[
        float | None, Query(description="qgc-plan: longitude of the refill place.", ge=-180, le=180)
    ] = None,
    load: Annotated[int | None, Query(description="qgc-plan: a single load, from 1.", ge=1, le=1000)] = None,
) -> Response:
    """Return a prescription as a file: zones as GeoJSON or shapefile, the grid as ISOXML or GeoTIFF, or a mission.

    The mission (`.plan` of QGroundControl) has one steady flow and makes the rates by its speed. It switches off within
    half a swath of exclusions and buffer strips, and waits at the refill place when a load is used up.
    """
    repositories = scope.repositories
    prescription = repositories.prescriptions.get(thing)
    match format:
        case ExportFormat.GEOJSON:
            data = zones_geojson(prescription)
        case ExportFormat.SHAPEFILE:
            data = zones_shapefile(prescription)
        case ExportFormat.GEOTIFF:
            data = prescription_geotiff(prescription, crs)
        case ExportFormat.ISOXML:
            product = (
                None
                if prescription.product is None
                else repositories.products.get(prescription.product, also_deleted=True)
            )
            data = prescription_isoxml(
                prescription, repositories.fields.get(prescription.field, also_deleted=True), product
            )
        case ExportFormat.QGC_PLAN:
            home_deg = _home(home_latitude_deg, home_longitude_deg)
            options = FlightOptions(height_m, height_above, bearing_deg, speed_m_s, home_deg, load)
            data = write_plan(plan_flight(repositories, prescription, options))
    return reply_file(prescription, data, *_FILES[format])


def _home(latitude_deg: float | None, longitude_deg: float | None) -> tuple[float, float] | None:
    if (latitude_deg is None) != (longitude_deg is None):
        sentence = "Give home_latitude_deg and home_longitude_deg both, or neither."
        raise ProblemError(400, "half-a-place", "Incomplete home position", sentence)
    return None if latitude_deg is None or longitude_deg is None else (latitude_deg, longitude_deg)


def reply_file(prescription: Prescription, data: bytes, media: str, ending: str) -> Response:
    """Return a file to be saved under the prescription's id."""
    headers = {"Content-Disposition": f'attachment; filename="prescription-{prescription.id}.{ending}"'}
    return Response(data, headers=headers, media_type=media)
