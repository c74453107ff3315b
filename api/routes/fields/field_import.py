"""Import of fields from a file, and the ground that fields share."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems, detail_in
from api.http.records import BodyOf
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import reply_json
from api.schemas.registry import show_field
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Farm
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.shared_ground import SharedGround, find_shared_ground

router = Router(prefix="/v1/fields", tags=["registry"], responses=declare_problems(404, 422, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "GeoJSON, KML, KMZ, or a zip of .shp, .dbf and .prj; the format is detected from the content.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_SHARED: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "description": "Id; empty for a field that is not stored."},
        "name": {"type": "string"},
        "other": {"type": "string"},
        "other_name": {"type": "string"},
        "area_m2": {"type": "number"},
        "share": {"type": "number", "description": "Of the smaller of the two, 0..1."},
    },
    "required": ["field", "name", "other", "other_name", "area_m2", "share"],
}
_SHARED_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _SHARED}},
    "required": ["items"],
}
_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/FieldResource"}},
        "stored": {"type": "boolean", "description": "False for a dry run."},
        "encoding": {
            "type": ["string", "null"],
            "description": "Encoding of the names; null where the format has only one.",
        },
        "encoding_by": {
            "type": ["string", "null"],
            "description": "declared (by the file), detected, or assumed: then some letters are lost.",
        },
        "shared_ground": {"type": "array", "items": _SHARED, "description": "Fields on ground of another field."},
    },
    "required": ["items", "stored", "encoding", "encoding_by", "shared_ground"],
}


@router.post(
    "/import",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        201: {"description": "The new fields.", "content": {"application/json": {"schema": _LIST}}},
        200: {"description": "What a dry run would add.", "content": {"application/json": {"schema": _LIST}}},
        **declare_problems(400, 409, 413),
    },
)
def import_file(
    scope: ScopeOf,
    body: BodyOf,
    farm_id: Annotated[
        str | None,
        Query(alias="farm", description="Farm of the new fields; optional where there is one farm.", max_length=64),
    ] = None,
    crs: Annotated[
        str | None,
        Query(
            description="Coordinate system of a file that names none: an EPSG code, or GCJ-02 (Amap, Tencent) or BD-09 "
            "(Baidu), also of a file that calls its degrees WGS84.",
            pattern="^(EPSG:[0-9]{4,6}|GCJ-02|BD-09)$",
            openapi_examples={"utm": {"value": "EPSG:32650"}, "amap": {"value": "GCJ-02"}},
        ),
    ] = None,
    name_property: Annotated[
        str | None,
        Query(description="Property that holds a field's name; `name` by default.", min_length=1, max_length=64),
    ] = None,
    owner_property: Annotated[
        str | None,
        Query(description="Property that holds a plot's owner; `owner` by default.", min_length=1, max_length=64),
    ] = None,
    dry_run: Annotated[bool, Query(description="Return what would be added, and add nothing.")] = False,
) -> Response:
    """Import boundaries as fields: all of them, or none with the errors of each feature in `features`.

    Refused are swapped axes, metres instead of degrees, open and self-crossing rings, holes outside their polygon,
    overlapping parts, lines and points, places far from the farm, and names in use, for example by a previous import.
    Fields on the ground of others are imported and listed in `shared_ground`.
    """
    # Twenty megabytes of projections, for the one import of a season.
    from headland.formats.field_import.importer import read_fields
    from headland.formats.field_import.outline import RefusedFile

    repositories = scope.repositories
    try:
        file = read_fields(
            repositories,
            choose_farm(repositories, farm_id),
            body,
            crs=crs,
            name_property=name_property,
            owner_property=owner_property,
        )
    except RefusedFile as refused:
        language = current_language()
        told = [(error, detail_in(language, "import-refused", error.detail)) for error in refused.errors[:1000]]
        features = [{"feature": error.feature, "name": error.name, "detail": detail} for error, detail in told]
        raise ProblemError(400, "import-refused", "Import refused", str(refused), {"features": features}) from refused
    others = list(repositories.fields.all())
    fields = file.fields if dry_run else repositories.fields.add_all(file.fields)
    answer = {
        "items": [show_field(field) for field in fields],
        "stored": not dry_run,
        "encoding": None if file.encoding is None else file.encoding.name,
        "encoding_by": None if file.encoding is None else file.encoding.by,
        "shared_ground": [_show_shared(shared) for shared in find_shared_ground(fields, others)],
    }
    return reply_json(answer, 200 if dry_run else 201)


@router.get(
    "/shared-ground",
    response_class=Response,
    responses={200: {"description": "Pairs of fields.", "content": {"application/json": {"schema": _SHARED_LIST}}}},
)
def get_shared_ground(request: Request, scope: ScopeOf) -> Response:
    """Return the pairs of fields that share ground, the largest first: what is applied there counts for both."""
    fields = list(scope.repositories.fields.all())
    return reply(request, {"items": [_show_shared(shared) for shared in find_shared_ground(fields)]})


def _show_shared(shared: SharedGround) -> dict[str, Any]:
    return {
        "field": shared.first.id,
        "name": shared.first.name,
        "other": shared.second.id,
        "other_name": shared.second.name,
        "area_m2": shared.area_m2,
        "share": shared.share,
    }


def choose_farm(repositories: OrganisationRepositories, id: str | None) -> Farm:  # noqa: A002 - it is the farm's id
    """Return the farm with an id, or the only farm; raises ProblemError (400) where that is ambiguous."""
    try:
        if id is not None:
            return repositories.farms.get(id)
    except NotFound as error:
        raise ProblemError(400, "unknown-farm", "Unknown farm", str(error)) from error
    farms = repositories.farms.list(limit=2)
    if len(farms) != 1:
        sentence = "Add a farm first." if not farms else "Name one of the farms in the parameter `farm`."
        raise ProblemError(400, "which-farm", "Farm not specified", sentence)
    return farms[0]
