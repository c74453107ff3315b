"""Import of fields from a file."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems, detail_in
from api.routes.registry import BodyOf, reply_json
from api.schemas.registry import show_field
from headland.analysis.registry_access import repositories_of
from headland.formats.field_import.importer import import_fields
from headland.formats.field_import.outline import RefusedFile
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Farm
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

router = APIRouter(prefix="/v1/fields", tags=["registry"], responses=declare_problems(404, 422, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "GeoJSON, KML, KMZ, or a zip of .shp, .dbf and .prj; the format is detected from the content.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/FieldResource"}}},
    "required": ["items"],
}


@router.post(
    "/import",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        201: {"description": "The new fields.", "content": {"application/json": {"schema": _LIST}}},
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
            description="Coordinate system of a file that names none: an EPSG code.",
            pattern="^EPSG:[0-9]{4,6}$",
            openapi_examples={"utm": {"value": "EPSG:32650"}},
        ),
    ] = None,
    name_property: Annotated[
        str | None,
        Query(description="Property that holds a field's name; `name` by default.", min_length=1, max_length=64),
    ] = None,
) -> Response:
    """Import boundaries as fields: all of them, or none with the errors of each feature in `features`.

    Refused are swapped axes, metres instead of degrees, open and self-crossing rings, holes outside their polygon,
    overlapping parts, lines and points, places far from the farm, and names in use, for example by a previous import.
    """
    repositories = repositories_of(scope)
    try:
        fields = import_fields(
            repositories, choose_farm(repositories, farm_id), body, crs=crs, name_property=name_property
        )
    except RefusedFile as refused:
        language = current_language()
        told = [(error, detail_in(language, "import-refused", error.detail)) for error in refused.errors[:1000]]
        features = [{"feature": error.feature, "name": error.name, "detail": detail} for error, detail in told]
        raise ProblemError(400, "import-refused", "Import refused", str(refused), {"features": features}) from refused
    return reply_json({"items": [show_field(field) for field in fields]}, 201)


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
