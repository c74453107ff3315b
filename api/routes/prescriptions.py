"""Prescriptions: made from what was measured of a field, kept, and written as files for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from api.estates import estate_of
from api.exports.grids import GridCrs, prescription_geotiff, prescription_isoxml
from api.exports.zones import zones_geojson, zones_shapefile
from api.farm import FarmOf
from api.prescription_order import EXAMPLE, PrescriptionOrder
from api.prescriptions import make_prescription
from api.problems import ProblemError, declare_problems
from api.routes.things import BodyOf, Cursor, Limit, ThingId, reply_json
from headland.registry.errors import NotFound
from headland.registry.prescription_records import Prescription

router = APIRouter(prefix="/v1/prescriptions", tags=["fertilization"], responses=declare_problems(404, 422, 503))

_REFERENCE: Final = {"$ref": "#/components/schemas/Prescription"}
_SHOWN: Final[dict[str, Any]] = {"content": {"application/json": {"schema": _REFERENCE}}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PrescriptionOrder"}}},
    }
}
_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _REFERENCE}, "next": {"type": ["string", "null"]}},
    "required": ["items", "next"],
}


class ExportFormat(StrEnum):
    """As which file a prescription is written."""

    GEOJSON = "geojson"
    SHAPEFILE = "shapefile"
    ISOXML = "isoxml"
    GEOTIFF = "geotiff"


_FILES: Final = {
    ExportFormat.GEOJSON: ("application/geo+json", "geojson"),
    ExportFormat.SHAPEFILE: ("application/zip", "shapefile.zip"),
    ExportFormat.ISOXML: ("application/zip", "isoxml.zip"),
    ExportFormat.GEOTIFF: ("image/tiff", "tif"),
}
_FILE_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media, _ in _FILES.values()},
    }
}


@router.post("", status_code=201, openapi_extra=_BODY, responses={201: _SHOWN, **declare_problems(400, 413)})
def add_prescription(farm: FarmOf, sent: BodyOf) -> Response:
    """Make a prescription from points or rasters: zones by k-means or quantiles, rates, and what forbids them.

    Points are brought onto the field's grid by inverse distance or kriging; exclusions and buffer strips get nothing.
    `checks` say of each constraint whether it holds, null where it cannot be known. More nitrogen than the legal
    ceiling is refused.
    """
    try:
        order = msgspec.json.decode(sent, type=PrescriptionOrder)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        sentence = f"This is no prescription's order: {error}."
        raise ProblemError(422, "bad-body", "The body is not valid", sentence) from error
    estate = estate_of(farm)
    try:
        made = estate.prescriptions.add(make_prescription(estate, order))
    except NotFound as error:
        raise ProblemError(400, f"unknown-{error.kind}", "It refers to nothing", str(error)) from error
    return reply_json(made, 201, {"Location": f"/v1/prescriptions/{made.id}"})


@router.get("", responses={200: {"content": {"application/json": {"schema": _LIST}}}})
def list_prescriptions(
    farm: FarmOf,
    field: Annotated[str | None, Query(description="Only those of this field.", max_length=64)] = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Response:
    """List prescriptions in the order of their making; the next page starts at `next`."""
    where = {} if field is None else {"field": field}
    found = estate_of(farm).prescriptions.list(after=cursor, limit=limit, **where)
    return reply_json({"items": found, "next": found[-1].id if len(found) == limit else None})


@router.get("/{thing:record_id}", responses={200: _SHOWN})
def get_prescription(farm: FarmOf, thing: ThingId) -> Response:
    """Show a prescription: its grid, zones, rates, checks and how it was made."""
    return reply_json(estate_of(farm).prescriptions.get(thing))


@router.get("/{thing:record_id}/export", responses=_FILE_ANSWER)
def export_prescription(
    farm: FarmOf,
    thing: ThingId,
    format: Annotated[ExportFormat, Query(description="As which file.")],  # noqa: A002 - its name in the query
    crs: Annotated[GridCrs, Query(description="geotiff: WGS84 cell for cell, or resampled to the UTM zone.")] = "wgs84",
) -> Response:
    """Write a prescription as a file: zones as GeoJSON or shapefile, the grid as ISOXML or GeoTIFF."""
    estate = estate_of(farm)
    prescription = estate.prescriptions.get(thing)
    match format:
        case ExportFormat.GEOJSON:
            data = zones_geojson(prescription)
        case ExportFormat.SHAPEFILE:
            data = zones_shapefile(prescription)
        case ExportFormat.GEOTIFF:
            data = prescription_geotiff(prescription, crs)
        case ExportFormat.ISOXML:
            product = (
                None if prescription.product is None else estate.products.get(prescription.product, also_deleted=True)
            )
            data = prescription_isoxml(prescription, estate.fields.get(prescription.field, also_deleted=True), product)
    return reply_file(prescription, data, *_FILES[format])


def reply_file(prescription: Prescription, data: bytes, media: str, ending: str) -> Response:
    """Return a file to be saved under the prescription's id."""
    headers = {"Content-Disposition": f'attachment; filename="prescription-{prescription.id}.{ending}"'}
    return Response(data, headers=headers, media_type=media)


def describe_prescriptions() -> dict[str, Any]:
    """Return the JSON schemas of prescriptions and their orders by name, for the OpenAPI document."""
    wires = [Prescription, PrescriptionOrder]
    _, schemas = msgspec.json.schema_components(wires, ref_template="#/components/schemas/{name}")
    schemas["PrescriptionOrder"]["example"] = EXAMPLE
    return schemas
